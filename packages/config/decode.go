package config

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/kelseyhightower/envconfig"
)

// envconfig reads only the process environment, so a value is lent to it there
// under this name, one at a time. (Handing the value over in a struct tag would
// avoid that, but the runtime keeps every struct type it makes for ever.)
const slot = "OPENHOUSE_CONFIG_VALUE_BEING_READ"

var slotMutex sync.Mutex

// decode writes raw into v, item by item where v is a list. Each fault comes
// back as a phrase that follows the value: `is not ...`.
func decode(v reflect.Value, raw string) []fault {
	if v.Kind() == reflect.Pointer {
		// envconfig would call a decoder on the nil pointer itself.
		fresh := reflect.New(v.Type().Elem())
		faults := decode(fresh.Elem(), raw)
		if len(faults) == 0 {
			v.Set(fresh)
		}
		return faults
	}
	if isList(v.Type()) {
		return decodeList(v, raw)
	}
	if err := decodeOne(v, raw); err != nil {
		return []fault{{raw: raw, err: err}}
	}
	return nil
}

// decodeList exists because envconfig keeps the blanks around an item, accepts
// empty ones and does not say which item was wrong.
func decodeList(v reflect.Value, raw string) []fault {
	var faults []fault
	items := strings.Split(raw, ",")
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		item = strings.TrimSpace(item)
		err := errors.New("is empty: remove the extra comma")
		if item != "" {
			err = decodeOne(list.Index(i), item)
		}
		if err != nil {
			faults = append(faults, fault{item: i + 1, raw: item, err: err})
		}
	}
	if len(faults) == 0 {
		v.Set(list)
	}
	return faults
}

func decodeOne(v reflect.Value, raw string) error {
	if v.Type() == secretType {
		v.SetString(raw) // a secret is lent to nobody
		return nil
	}
	if strings.ContainsRune(raw, 0) {
		return errors.New("contains a NUL byte: remove it")
	}
	if err := beforeDecoding(v.Type(), raw); err != nil {
		return err
	}
	if err := byEnvconfig(v, raw); err != nil {
		return phrase(v.Type(), err)
	}
	if !decodesItself(v.Type()) && v.CanFloat() && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)) {
		return errors.New("is not an ordinary number: write one such as 0.5")
	}
	return nil
}

func byEnvconfig(v reflect.Value, raw string) error {
	spec := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Value", Type: v.Type(), Tag: `envconfig:"` + slot + `"`},
	}))

	slotMutex.Lock()
	defer slotMutex.Unlock()
	if err := os.Setenv(slot, raw); err != nil {
		return fmt.Errorf("cannot be an environment value: %w", err)
	}
	defer os.Unsetenv(slot)
	if err := envconfig.Process("", spec.Interface()); err != nil {
		var parse *envconfig.ParseError
		if errors.As(err, &parse) {
			return parse.Err
		}
		return err
	}
	v.Set(spec.Elem().Field(0))
	return nil
}

// plainInt keeps out what envconfig would read in another base: 010 as eight.
var plainInt = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]*)$`)

func beforeDecoding(t reflect.Type, raw string) error {
	if isWholeNumber(t) && !plainInt.MatchString(raw) {
		return errors.New("is not a whole number: write decimal digits only, without leading zeros, unit or separators")
	}
	return nil
}
