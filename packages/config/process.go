package config

import "os"

// Process is the environment of this process in the form that [LoadFrom] takes, for a program that must look into
// it first: to let one variable stand in for another, for instance.
func Process() (lookup func(string) (string, bool), environ []string) {
	return os.LookupEnv, os.Environ()
}
