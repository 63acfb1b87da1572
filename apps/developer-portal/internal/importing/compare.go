package importing

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/store"
)

// RowData is what is staged about one row.
type RowData struct {
	Home    homecsv.Home          `json:"home"`
	UnitID  *uuid.UUID            `json:"unitId,omitempty"`  // the home it changes, or the one it will make
	Seen    *time.Time            `json:"seen,omitempty"`    // when the home was last changed, as it was compared
	Changes []homecsv.FieldChange `json:"changes,omitempty"` // of a changed row
	Cells   []string              `json:"cells,omitempty"`   // of a row with problems: as written
}

// NewType is a house type that the commit will make.
type NewType struct {
	ID uuid.UUID `json:"id"`
	homecsv.HouseType
}

// comparison is a file beside the homes that are there.
type comparison struct {
	rows                           []store.StagedRow
	types                          []NewType
	added, changed, unchanged, bad int
}

// knownTypes are the stored types in the words of homecsv.
func knownTypes(types []store.HouseType) []homecsv.HouseType {
	known := make([]homecsv.HouseType, len(types))
	for i, t := range types {
		known[i] = homecsv.HouseType{Code: t.Code, Name: t.Name, Bedrooms: whole(t.Bedrooms), Bathrooms: whole(t.Bathrooms), FloorAreaM2: t.FloorAreaM2}
	}
	return known
}

func whole(n *int16) *int {
	if n == nil {
		return nil
	}
	w := int(*n)
	return &w
}

// compare says of every row what its commit would do. A home is known by block and number.
func compare(rows []homecsv.Row, stock store.Stock) (comparison, error) {
	stored := make(map[string]*store.StoredHome, len(stock.Homes))
	for i := range stock.Homes {
		h := &stock.Homes[i]
		stored[homecsv.Key(h.Block, h.UnitNumber)] = h
	}
	codes, types, err := typesOf(rows, stock.Types)
	if err != nil {
		return comparison{}, err
	}
	out := comparison{types: types, rows: make([]store.StagedRow, 0, len(rows))}
	for _, r := range rows {
		staged, err := out.row(r, stored, codes)
		if err != nil {
			return comparison{}, fmt.Errorf("line %d: %w", r.Line, err)
		}
		out.rows = append(out.rows, staged)
	}
	return out, nil
}

func (c *comparison) row(r homecsv.Row, stored map[string]*store.StoredHome, codes map[string]string) (store.StagedRow, error) {
	row := store.StagedRow{Line: r.Line, Block: r.Home.Block, UnitNumber: r.Home.UnitNumber, Problems: json.RawMessage("[]")}
	data := RowData{Home: r.Home}
	switch old := stored[r.Home.Key()]; {
	case !r.Good():
		c.bad++
		row.State, data.Cells = store.RowError, r.Cells
		problems, err := json.Marshal(r.Problems)
		if err != nil {
			return row, err
		}
		row.Problems = problems
	case old == nil:
		c.added++
		row.State = store.RowNew
		id, err := uuid.NewV7()
		if err != nil {
			return row, fmt.Errorf("make an id: %w", err)
		}
		data.UnitID = &id
		data.Home.HouseTypeCode = codes[homecsv.Fold(r.Home.HouseTypeCode)]
	default:
		row.Block, row.UnitNumber = old.Block, old.UnitNumber
		data.UnitID = &old.ID
		data.Home.HouseTypeCode = codes[homecsv.Fold(r.Home.HouseTypeCode)]
		data.Changes = homecsv.Diff(homeOf(old), data.Home)
		if len(data.Changes) == 0 {
			c.unchanged++
			row.State = store.RowUnchanged
			break
		}
		c.changed++
		row.State, data.Seen = store.RowChanged, &old.UpdatedAt
	}
	var err error
	row.Data, err = json.Marshal(data)
	return row, err
}

// typesOf gives every house type of the good rows one spelling, the stored one first, and lists those to be made.
func typesOf(rows []homecsv.Row, stored []store.HouseType) (codes map[string]string, made []NewType, err error) {
	codes, made = map[string]string{}, []NewType{}
	for _, t := range stored {
		codes[homecsv.Fold(t.Code)] = t.Code
	}
	for _, t := range homecsv.HouseTypes(rows) {
		key := homecsv.Fold(t.Code)
		if _, known := codes[key]; known {
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return nil, nil, fmt.Errorf("make an id: %w", err)
		}
		codes[key] = t.Code
		made = append(made, NewType{ID: id, HouseType: t})
	}
	return codes, made, nil
}

// homeOf is a stored home in the words of homecsv.
func homeOf(h *store.StoredHome) homecsv.Home {
	out := homecsv.Home{
		Block: h.Block, UnitNumber: h.UnitNumber, AddressLine1: h.AddressLine1, AddressLine2: h.AddressLine2,
		City: h.City, Postcode: h.Postcode, HouseTypeCode: h.TypeCode, Bedrooms: whole(h.Bedrooms), Bathrooms: whole(h.Bathrooms),
		FloorAreaM2: h.FloorAreaM2, PurchaserName: h.PurchaserName, PurchaserEmail: h.PurchaserEmail, PurchaserPhone: h.PurchaserPhone,
	}
	if h.HandoverDate != nil {
		out.HandoverDate = h.HandoverDate.Format(time.DateOnly)
	}
	return out
}

// stillTrue says whether the rows of a preview would do today what they did when they were compared: new homes are
// still new, changed ones have not been changed by somebody else, and no house type says otherwise.
func stillTrue(rows []store.RowToCommit, now store.Now) bool {
	seen := make(map[uuid.UUID]time.Time, len(now.Homes))
	taken := make(map[string]bool, len(now.Homes))
	for _, h := range now.Homes {
		seen[h.ID] = h.UpdatedAt
		taken[homecsv.Key(h.Block, h.UnitNumber)] = true
	}
	types := make(map[string]store.HouseType, len(now.Types))
	for _, t := range now.Types {
		types[homecsv.Fold(t.Code)] = t
	}
	for _, r := range rows {
		changed, there := seen[r.HomeID]
		switch {
		case r.State == store.RowNew && taken[homecsv.Key(r.Block, r.UnitNumber)]:
			return false
		case r.State == store.RowChanged && (!there || !changed.Equal(r.Seen)):
			return false
		}
		if t, known := types[homecsv.Fold(r.TypeCode)]; known {
			if t.Code != r.TypeCode || r.Bedrooms >= 0 && t.Bedrooms != nil && int(*t.Bedrooms) != r.Bedrooms {
				return false
			}
		}
	}
	return true
}
