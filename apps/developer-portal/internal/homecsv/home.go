package homecsv

import (
	"strconv"
	"strings"
	"time"
)

// Field is one fact about a home that a column can hold. The text of a Field
// is the JSON name in [Home] and the plainest column name in a file.
type Field string

// The fields, in the order of a file that OpenHouse itself would write.
const (
	FieldBlock          Field = "block"
	FieldUnitNumber     Field = "unit_number"
	FieldAddressLine1   Field = "address_line_1"
	FieldAddressLine2   Field = "address_line_2"
	FieldCity           Field = "city"
	FieldPostcode       Field = "postcode"
	FieldHouseTypeCode  Field = "house_type_code"
	FieldHouseType      Field = "house_type"
	FieldBedrooms       Field = "bedrooms"
	FieldBathrooms      Field = "bathrooms"
	FieldFloorArea      Field = "floor_area_m2"
	FieldPurchaserName  Field = "purchaser_name"
	FieldPurchaserEmail Field = "purchaser_email"
	FieldPurchaserPhone Field = "purchaser_phone"
	FieldHandoverDate   Field = "handover_date"
)

// fieldInfo is what the package knows about a field apart from its synonyms.
type fieldInfo struct {
	field  Field
	length int // most characters of a text; 0 for numbers and dates
}

var fieldInfos = []fieldInfo{
	{FieldBlock, 60},
	{FieldUnitNumber, 20},
	{FieldAddressLine1, 200},
	{FieldAddressLine2, 200},
	{FieldCity, 100},
	{FieldPostcode, 20},
	{FieldHouseTypeCode, 100},
	{FieldHouseType, 100},
	{FieldBedrooms, 0},
	{FieldBathrooms, 0},
	{FieldFloorArea, 0},
	{FieldPurchaserName, 200},
	{FieldPurchaserEmail, 254},
	{FieldPurchaserPhone, 40},
	{FieldHandoverDate, 0},
}

var infoOf = func() map[Field]fieldInfo {
	m := make(map[Field]fieldInfo, len(fieldInfos))
	for _, i := range fieldInfos {
		m[i.field] = i
	}
	return m
}()

// Fields lists every field in display order, for a column chooser.
func Fields() []Field {
	out := make([]Field, len(fieldInfos))
	for i, f := range fieldInfos {
		out[i] = f.field
	}
	return out
}

// MaxLength is the most characters that a text field may have; 0 means that
// the field is a number or a date.
func (f Field) MaxLength() int { return infoOf[f].length }

// Home is what one row says about one home. An empty text and a nil number
// mean that the file says nothing about it (see the package comment).
type Home struct {
	Block          string   `json:"block,omitempty"`
	UnitNumber     string   `json:"unit_number"`
	AddressLine1   string   `json:"address_line_1"`
	AddressLine2   string   `json:"address_line_2,omitempty"`
	City           string   `json:"city,omitempty"`
	Postcode       string   `json:"postcode,omitempty"`
	HouseTypeCode  string   `json:"house_type_code"`
	HouseType      string   `json:"house_type,omitempty"`
	Bedrooms       *int     `json:"bedrooms,omitempty"`
	Bathrooms      *int     `json:"bathrooms,omitempty"`
	FloorAreaM2    *float64 `json:"floor_area_m2,omitempty"` // at most two decimals
	PurchaserName  string   `json:"purchaser_name,omitempty"`
	PurchaserEmail string   `json:"purchaser_email,omitempty"` // lower case
	PurchaserPhone string   `json:"purchaser_phone,omitempty"`
	HandoverDate   string   `json:"handover_date,omitempty"` // YYYY-MM-DD
}

// Key is the identity of the home inside its development; see [Key].
func (h Home) Key() string { return Key(h.Block, h.UnitNumber) }

// Handover is the handover date at midnight UTC, and false when there is none.
func (h Home) Handover() (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, h.HandoverDate)
	return t, err == nil
}

// Key is the identity of a home inside a development: two homes are the same
// when their keys are. Letter case and the width of gaps make no difference;
// leading zeros do.
func Key(block, unitNumber string) string { return Fold(block) + "\x1f" + Fold(unitNumber) }

// Fold is the form in which codes are compared: lower case, single spaces.
func Fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Equal reports whether importing next over h would change nothing.
func (h Home) Equal(next Home) bool { return len(Diff(h, next)) == 0 }

// FieldChange is one value that an import would replace, as text to show.
type FieldChange struct {
	Field Field  `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Diff lists what importing next over the stored home old would change, in
// the order of [Fields]. What next leaves blank is kept, so it is no change.
// Block, unit number and house type code are compared by [Fold]. The name of a
// house type belongs to the type and not to the home: it is never a change.
func Diff(old, next Home) []FieldChange {
	var out []FieldChange
	for _, info := range fieldInfos {
		if info.field == FieldHouseType {
			continue
		}
		was, is := old.Text(info.field), next.Text(info.field)
		if is == "" || is == was {
			continue
		}
		switch info.field {
		case FieldBlock, FieldUnitNumber, FieldHouseTypeCode, FieldPurchaserEmail:
			if Fold(is) == Fold(was) {
				continue
			}
		}
		out = append(out, FieldChange{Field: info.field, Old: was, New: is})
	}
	return out
}

// Text is the value of one field as it is shown; "" when there is none.
func (h Home) Text(f Field) string {
	if p := h.text(f); p != nil {
		return *p
	}
	switch f {
	case FieldBedrooms:
		return intText(h.Bedrooms)
	case FieldBathrooms:
		return intText(h.Bathrooms)
	case FieldFloorArea:
		if h.FloorAreaM2 != nil {
			return strconv.FormatFloat(*h.FloorAreaM2, 'f', -1, 64)
		}
	}
	return ""
}

// text points at the field when it is stored as text, else it is nil.
func (h *Home) text(f Field) *string {
	switch f {
	case FieldBlock:
		return &h.Block
	case FieldUnitNumber:
		return &h.UnitNumber
	case FieldAddressLine1:
		return &h.AddressLine1
	case FieldAddressLine2:
		return &h.AddressLine2
	case FieldCity:
		return &h.City
	case FieldPostcode:
		return &h.Postcode
	case FieldHouseTypeCode:
		return &h.HouseTypeCode
	case FieldHouseType:
		return &h.HouseType
	case FieldPurchaserName:
		return &h.PurchaserName
	case FieldPurchaserEmail:
		return &h.PurchaserEmail
	case FieldPurchaserPhone:
		return &h.PurchaserPhone
	case FieldHandoverDate:
		return &h.HandoverDate
	}
	return nil
}

func intText(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
