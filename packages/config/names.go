package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const poolPrefix = "DB_POOL_"

// Warnings lists what is doubtful in environ ("NAME=value" each) but no reason
// to stop: unknown DB_* names, and DATABASE_* names that look like a slip of
// the keyboard. Each names the variable; no value is shown. target is as for
// [Describe].
func Warnings(target any, environ []string) []string {
	known := knownNames(emptyPlan(target))
	var warnings []string
	for _, name := range unknown(known, environ) {
		upper := strings.ToUpper(name)
		near := nearest(upper, known)
		switch {
		case strings.HasPrefix(upper, poolPrefix) && hasPool(known):
			// an error of LoadFrom
		case strings.HasPrefix(upper, "DB_") && near == "":
			warnings = append(warnings, name+" is set but unknown to this program, so it changes nothing")
		case strings.HasPrefix(upper, "DB_"), strings.HasPrefix(upper, "DATABASE_") && near != "":
			warnings = append(warnings, name+" is set but unknown to this program, so it changes nothing: did you mean "+near+"?")
		}
	}
	return warnings
}

// refusedNames are the unknown pool settings in environ. A target without any
// pool setting has no opinion on them.
func refusedNames(p *plan, environ []string) []error {
	known := knownNames(p)
	if !hasPool(known) {
		return nil
	}
	var errs []error
	for _, name := range unknown(known, environ) {
		if !strings.HasPrefix(strings.ToUpper(name), poolPrefix) {
			continue
		}
		if near := nearest(strings.ToUpper(name), known); near != "" {
			errs = append(errs, fmt.Errorf("%s is not a setting: did you mean %s? Rename or remove it", name, near))
			continue
		}
		pool := slices.DeleteFunc(slices.Clone(known), func(n string) bool { return !strings.HasPrefix(n, poolPrefix) })
		errs = append(errs, fmt.Errorf("%s is not a setting: remove it, or use one of %s", name, strings.Join(pool, ", ")))
	}
	return errs
}

func hasPool(known []string) bool {
	return slices.ContainsFunc(known, func(n string) bool { return strings.HasPrefix(n, poolPrefix) })
}

func knownNames(p *plan) []string {
	names := map[string]bool{}
	for _, f := range p.fields {
		names[f.Name] = true
		if f.File {
			names[f.fileName()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func unknown(known, environ []string) []string {
	names := map[string]bool{}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.Contains(known, name) {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// nearest is the known name that most likely was meant, "" where none is near:
// at most a quarter of the letters differ, or (DB_* only) one name goes on
// where the other ends, as in DB_POOL_IDLE for DB_POOL_IDLE_MS.
func nearest(name string, known []string) string {
	best, least := "", len(name)/4+1
	for _, candidate := range known {
		if strings.HasPrefix(name, "DB_") && strings.HasPrefix(name, candidate+"_") ||
			len(name) > len(poolPrefix) && strings.HasPrefix(candidate, name+"_") {
			return candidate
		}
	}
	for _, candidate := range known {
		if d := distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the letters to add, drop, change or swap with a neighbour.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
