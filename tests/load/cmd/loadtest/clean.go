package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"openhouse.example/tests/load/removal"
)

// ownerVariable holds the operator's address of the database, as for developer-portal company.
const ownerVariable = "DATABASE_MIGRATE_URL"

// clean removes the throw-away company and the file about it: the command clean.
func clean(ctx context.Context, args []string, out, _ io.Writer) error {
	set := flag.NewFlagSet("clean", flag.ContinueOnError)
	file, target := set.String("file", "", ""), set.String("target", "", "")
	if err := parse(set, args); err != nil {
		return err
	}
	company, err := readCompany(*file, *target)
	if err != nil {
		return err
	}
	return remove(ctx, os.Getenv(ownerVariable), *file, removal.Throwaway{Name: company.Name, Admin: company.Email, Developments: company.Developments}, out)
}

func remove(ctx context.Context, owner, file string, c removal.Throwaway, out io.Writer) error {
	if owner == "" {
		return errors.New(ownerVariable + " is missing: no portal can remove a company, so it takes the operator's address of the database, as developer-portal company does")
	}
	if err := removal.Company(ctx, owner, c); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is removed with all it had, and so is %s\n", c.Name, file)
	return nil
}
