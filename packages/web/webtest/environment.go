package webtest

// Environment is that of a process which has vars and nothing else, in the form
// in which a portal's settings are read.
func Environment(vars map[string]string) (lookup func(string) (string, bool), environ []string) {
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }, environ
}
