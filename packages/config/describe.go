package config

// Variable is one environment variable as its declaration describes it.
type Variable struct {
	Name        string
	Default     string // as written in the environment; "" where there is none
	Description string // what it means
	Unit        string // such as "milliseconds"; "" where there is none
	Tradeoff    string // what a larger or smaller value costs
	Example     string // a value to copy from
	Required    bool
	Secret      bool // never shown
	File        bool // Name_FILE may name a file that holds the value
}

// Describe lists the variables of target, a struct or a pointer to one, in the
// order of their declaration, each once. It reads no environment and leaves
// target alone. It panics on a struct that [Load] would call wrongly declared.
func Describe(target any) []Variable {
	var all []Variable
	seen := map[string]bool{}
	for _, f := range emptyPlan(target).fields {
		if !seen[f.Name] {
			seen[f.Name] = true
			all = append(all, f.Variable)
		}
	}
	return all
}
