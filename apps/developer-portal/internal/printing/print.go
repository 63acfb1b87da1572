package printing

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/sheets"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
)

const (
	partSize  = 256 << 10              // bytes of a file in one row: a transaction of some milliseconds
	beatEvery = 300 * time.Millisecond // between two signs of life
	mostTries = 3                      // when homes vanish while they are printed
)

// The way to a home in the tenant portal.
const onboarding = "/onboarding"

// print makes a print that was ordered, if it still waits for it. After an error it can be called again.
func (r *Runner) print(ctx context.Context, who store.Staff, in db.Intent, id uuid.UUID) error {
	for try := 1; ; try++ {
		p, err := r.store.PrintInBackground(ctx, who, id)
		if err != nil || p.State != store.PrintWorking {
			return err
		}
		err = r.draw(ctx, who, in, p)
		if !errors.Is(err, db.ErrForeignKey) || try == mostTries { // a home that was there is gone
			return err
		}
	}
}

func (r *Runner) draw(ctx context.Context, who store.Staff, in db.Intent, p store.Print) error {
	homes, err := r.store.HomesToPrint(ctx, who, p)
	if err != nil {
		return err
	}
	if len(homes) == 0 {
		return r.store.FailPrint(ctx, who, p.ID, NoteNoHomes)
	}
	company, err := r.store.Company(ctx, who)
	if err != nil {
		return err
	}
	version, err := r.store.BeginPrint(ctx, who, p, len(homes))
	if err != nil {
		return err
	}
	j := &job{Runner: r, ctx: ctx, who: who, print: p, at: store.Drawing{Version: version, Homes: len(homes)}, beat: time.Now()}
	pdf, zip := &file{job: j, kind: store.FilePDF}, &file{job: j, kind: store.FileZIP}
	out, err := sheets.NewWriter(pdf, zip, words(text.With(ctx, p.Language), company, p))
	if err != nil {
		return err
	}
	codes := make([]store.NewCode, len(homes))
	names := company + p.Development // what of them can't be printed
	for i, h := range homes {
		code, hash := platform.NewInviteCode()
		codes[i] = store.NewCode{Home: h.ID, Hash: hash}
		c := card(text.With(ctx, p.Language), p, h, code)
		if err := out.Add(c); err != nil {
			return err
		}
		if names, err = sheets.Unprintable(names + strings.Join(c.Address, "")); err != nil {
			return err
		}
		if err := j.progress(i + 1); err != nil {
			return err
		}
	}
	if err := errors.Join(out.Close(), pdf.flush(), zip.flush()); err != nil {
		return err
	}
	return r.store.IssueCodes(ctx, who, in, p, j.at.Version, codes, names)
}

// job is one try at a print.
type job struct {
	*Runner
	ctx   context.Context // the files of package sheets are plain writers
	who   store.Staff
	print store.Print
	at    store.Drawing
	beat  time.Time // of the last sign of life
}

// progress says how many cards are drawn, now and then.
func (j *job) progress(done int) (err error) {
	j.at.Done = done
	if time.Since(j.beat) < beatEvery {
		return j.ctx.Err()
	}
	j.at.Version, err = j.store.PrintProgress(j.ctx, j.who, j.print, j.at)
	j.beat = time.Now()
	return err
}

// file is a file that is written into the database, piece by piece.
type file struct {
	job  *job
	kind string
	part int
	rest []byte
}

var _ io.Writer = (*file)(nil)

func (f *file) Write(p []byte) (int, error) {
	for n := 0; n < len(p); {
		taken := min(partSize-len(f.rest), len(p)-n)
		f.rest = append(f.rest, p[n:n+taken]...)
		n += taken
		if len(f.rest) == partSize {
			if err := f.flush(); err != nil {
				return n, err
			}
		}
	}
	return len(p), nil
}

// flush stores what is left.
func (f *file) flush() (err error) {
	if len(f.rest) == 0 {
		return nil
	}
	j := f.job
	piece := store.FilePart{Kind: f.kind, Part: f.part, Content: f.rest}
	if j.at.Version, err = j.store.AddFilePart(j.ctx, j.who, j.print, j.at, piece); err != nil {
		return err
	}
	j.beat = time.Now()
	f.part++
	f.rest = f.rest[:0]
	return nil
}

// words are those of the cards, in the language of ctx.
func words(ctx context.Context, company string, p store.Print) sheets.Words {
	return sheets.Words{
		Language: text.Lang(ctx), Title: text.T(ctx, "sheet.title", p.Development), Company: company,
		HowTo: text.T(ctx, "sheet.how-to"), Code: text.T(ctx, "sheet.code"),
		Typed: text.T(ctx, "sheet.typed", strings.TrimPrefix(p.Origin, "https://")+onboarding),
		Columns: sheets.Columns{
			File: text.T(ctx, "sheet.column-file"), Development: text.T(ctx, "sheet.column-development"),
			Block: text.T(ctx, "home.block"), Number: text.T(ctx, "homes.number"), Address: text.T(ctx, "homes.address"),
			Link: text.T(ctx, "sheet.column-link"), Code: text.T(ctx, "sheet.code"),
		},
	}
}

// card is what is printed for a home. A home without an address is named by its number.
func card(ctx context.Context, p store.Print, h store.HomeToPrint, code string) sheets.Card {
	c := sheets.Card{
		Development: p.Development, Block: h.Block, Number: h.UnitNumber,
		Code: platform.FormatInviteCode(code), Link: p.Origin + onboarding + "/" + code,
	}
	first := h.AddressLine1
	if first == "" {
		first = text.T(ctx, "home.number", number(h.Block, h.UnitNumber))
	}
	c.Address = append(c.Address, first)
	for _, line := range []string{h.AddressLine2, h.City, h.Postcode} {
		if line != "" {
			c.Address = append(c.Address, line)
		}
	}
	return c
}

// number is a home's number with its block, if it has one.
func number(block, unit string) string { return strings.TrimSpace(block + " " + unit) }
