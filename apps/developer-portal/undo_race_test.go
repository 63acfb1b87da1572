package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

// mover is somebody with a link to a home, at the tenant portal's connection.
type mover struct {
	conn *pgx.Conn
	hash []byte
}

// mover gives the buyer of a home a link.
func (o office) mover(t *testing.T, number string) mover {
	t.Helper()
	secret, hash := platform.NewToken()
	if secret == "" {
		t.Fatal("no secret")
	}
	o.db.Exec(`update units set purchaser_email = 'buyer' || unit_number || '@example.org' where unit_number = $1 and purchaser_email = ''`, number)
	o.db.Exec(`insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
		select tenant_id, gen_random_uuid(), 'resident_link', $2, purchaser_email, development_id, id, now() + interval '15 minutes' from units where unit_number = $1`,
		number, hash)
	return mover{o.connect(t, o.db.ResidentURL()), hash}
}

func (s *site) connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// moveIn uses the link, as the tenant portal's one statement does, and reports whether it has opened the home.
func (m mover) moveIn(ctx context.Context) (in bool, err error) {
	err = m.conn.QueryRow(ctx, `select exists (select 1 from resident_enter($1, $2, now() + interval '1 day', '', ''))`, m.hash, uuid.New()).Scan(&in)
	return in, err
}

const twoHomes = "unit_number,address_line_1,house_type_code,purchaser_email\n1,1 Mill Road,A,buyer1@example.org\n2,2 Mill Road,A,buyer2@example.org\n"

// TestSomebodyWhoMovesInFirstKeepsTheHome: the undo begins while the occupancy is written but not committed.
func TestSomebodyWhoMovesInFirstKeepsTheHome(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "two.csv", []byte(twoHomes))
	o.commit(t, i)
	m := o.mover(t, "1")
	tx, err := m.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in, err := m.moveIn(t.Context()); err != nil || !in {
		t.Fatal(in, err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.undoNow(i.ID) }()
	o.waitsForLock(t)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.StatusCode != http.StatusConflict || !strings.Contains(a.Text, "homes_in_the_way") {
		t.Errorf("the undo is answered %d %s", a.StatusCode, a.Text)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from units`); n != 2 {
		t.Errorf("%d homes are left", n)
	}
}

// waitsForLock returns once a connection of the portal waits for a lock.
func (s *site) waitsForLock(t *testing.T) {
	t.Helper()
	webtest.Wait(t, "a wait for a lock", func() bool {
		return pgtest.Value[int](s.db, `select count(*) from pg_stat_activity where datname = current_database()
			and wait_event_type = 'Lock' and usename <> session_user`) > 0
	})
}

// TestSomebodyWhoIsMovingInIsNotTheVictim: undo and move-in wait for each other, the one for the link and the other for
// the home. Postgres would end whoever has waited for longer, and that is the resident.
func TestSomebodyWhoIsMovingInIsNotTheVictim(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "two.csv", []byte(twoHomes))
	o.commit(t, i)
	first, second := o.mover(t, "1"), o.mover(t, "2")

	// The undo has locked both homes and waits for the first one's link …
	holder := o.connect(t, o.db.AdminURL())
	if _, err := holder.Exec(t.Context(), `begin; select 1 from email_tokens where token_hash = '\x`+hex(first.hash)+`' for update`); err != nil {
		t.Fatal(err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.undoNow(i.ID) }()
	o.waitsForLock(t)
	// … while somebody takes the second one's link, and then waits for that home.
	type entered struct {
		in  bool
		err error
	}
	resident := make(chan entered)
	go func() {
		in, err := second.moveIn(context.Background())
		resident <- entered{in, err}
	}()
	time.Sleep(100 * time.Millisecond) // the order of the two is not the point, only that both are under way
	if _, err := holder.Exec(t.Context(), `rollback`); err != nil {
		t.Fatal(err)
	}
	r, a := <-resident, <-answer
	if a.StatusCode == http.StatusServiceUnavailable {
		a = o.undoNow(i.ID) // it gave up, which is its part; whoever asks again is told how things stand
	}
	switch {
	case r.err != nil:
		t.Errorf("the resident was the victim: %v", r.err)
	case r.in && a.StatusCode != http.StatusConflict:
		t.Errorf("the resident is in, and the undo is answered %d %s", a.StatusCode, a.Text)
	case !r.in && a.StatusCode != http.StatusOK:
		t.Errorf("the resident's link has opened nothing, and the undo is answered %d %s", a.StatusCode, a.Text)
	}
}

func (o office) undoNow(id string) webtest.Answer {
	return o.PostJSON("/api/imports/"+id+"/undo", map[string]string{})
}

func hex(raw []byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range raw {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// TestUndoAndMovingInAtTheSameMoment lets both go at once, again and again: the homes are gone or somebody lives there,
// never both and never neither, and the resident never sees an error.
func TestUndoAndMovingInAtTheSameMoment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	undone, lived := 0, 0
	for round := range 12 {
		i := o.preview(t, "two.csv", []byte(twoHomes))
		o.commit(t, i)
		movers := []mover{o.mover(t, "1"), o.mover(t, "2")}
		var wg sync.WaitGroup
		gate := make(chan struct{})
		in := make([]bool, len(movers))
		for n, m := range movers {
			wg.Go(func() {
				<-gate
				time.Sleep(time.Duration(round*n) * time.Millisecond)
				var err error
				if in[n], err = m.moveIn(context.Background()); err != nil {
					t.Errorf("round %d: a resident is answered %v", round, err)
				}
			})
		}
		var a webtest.Answer
		wg.Go(func() {
			<-gate
			time.Sleep(time.Duration(round%4) * 5 * time.Millisecond)
			for a = o.undoNow(i.ID); a.StatusCode == http.StatusServiceUnavailable; a = o.undoNow(i.ID) {
				continue // "somebody else is changing this": on a busy machine people move in slowly
			}
		})
		close(gate)
		wg.Wait()
		homes := pgtest.Value[int](o.db, `select count(*) from units`)
		switch {
		case a.StatusCode == http.StatusOK && homes == 0 && !in[0] && !in[1]:
			undone++
		case a.StatusCode == http.StatusConflict && homes == 2 && (in[0] || in[1]):
			lived++
			o.db.Exec(`delete from occupancies`)
			o.db.Exec(`delete from units`)
			o.db.Exec(`update imports set state = 'undone', undone_at = now() where state = 'committed'`)
		default:
			t.Fatalf("round %d: undo answered %d %s, %d homes, in: %v", round, a.StatusCode, a.Text, homes, in)
		}
	}
	t.Logf("undone %d times, lived in %d times", undone, lived)
}

// TestUndoAndAnotherImportAtTheSameMoment: a second import is saved while the first is undone. Whichever comes first,
// no home of either is half there.
func TestUndoAndAnotherImportAtTheSameMoment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for round := range 6 {
		first := o.preview(t, "two.csv", []byte(twoHomes))
		o.commit(t, first)
		second := o.preview(t, "more.csv", []byte(strings.ReplaceAll(twoHomes, "Mill Road", "Mill Lane")+"3,3 Mill Lane,A,\n"))
		var wg sync.WaitGroup
		var undo, commit webtest.Answer
		wg.Go(func() {
			time.Sleep(time.Duration(round) * 2 * time.Millisecond)
			undo = o.undoNow(first.ID)
		})
		wg.Go(func() {
			commit = o.PostJSON("/api/imports/"+second.ID+"/commit", map[string]string{"version": second.Version})
		})
		wg.Wait()
		if commit.StatusCode != http.StatusAccepted {
			t.Fatalf("round %d: the commit is answered %d %s", round, commit.StatusCode, commit.Text)
		}
		now := o.settled(second.ID)
		homes := pgtest.Value[string](o.db, `select coalesce(string_agg(unit_number || ' ' || address_line_1, ', ' order by unit_number), '') from units`)
		switch all := "1 1 Mill Lane, 2 2 Mill Lane, 3 3 Mill Lane"; {
		case undo.StatusCode == http.StatusConflict && now.State == "committed" && homes == all:
		case undo.StatusCode == http.StatusOK && now.State == "previewed" && homes == "" && now.New == 3: // compared anew
		case undo.StatusCode == http.StatusOK && now.State == "committed" && homes == all:
		default:
			t.Fatalf("round %d: undo answered %d %s, the second import is %s with %d new, homes %q", round, undo.StatusCode, undo.Text, now.State, now.New, homes)
		}
		o.db.Exec(`delete from units`)
		o.db.Exec(`delete from house_types`)
		o.db.Exec(`delete from imports`)
	}
}

// TestAnEditWhileAnImportIsSavedIsNotLost: the import has compared the home, and somebody's edit is committed before it
// writes. It must neither overwrite the edit nor keep a picture of the home that was never true.
func TestAnEditWhileAnImportIsSavedIsNotLost(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.commit(t, o.preview(t, "two.csv", []byte(twoHomes)))
	i := o.preview(t, "moved.csv", []byte(strings.ReplaceAll(twoHomes, "Mill Road", "Mill Lane")))
	editor := o.connect(t, o.db.AdminURL())
	if _, err := editor.Exec(t.Context(), `begin; update units set address_line_1 = 'By hand', updated_at = clock_timestamp() where unit_number = '2'`); err != nil {
		t.Fatal(err)
	}
	o.PostJSON("/api/imports/"+i.ID+"/commit", map[string]string{"version": i.Version}).Is(t, http.StatusAccepted)
	o.waitsForLock(t)
	if _, err := editor.Exec(t.Context(), `commit`); err != nil {
		t.Fatal(err)
	}
	if now := o.settled(i.ID); now.State != "previewed" || now.Note != "changed" {
		t.Errorf("the import is %s, note %q", now.State, now.Note)
	}
	if got := pgtest.Value[string](o.db, `select string_agg(address_line_1, ', ' order by unit_number) from units`); got != "1 Mill Road, By hand" {
		t.Errorf("homes: %s", got)
	}
}
