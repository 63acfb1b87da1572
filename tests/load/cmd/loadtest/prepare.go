package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"openhouse.example/tests/load/estate"
)

// exampleDomain is where the addresses of made-up people end, unless the caller has a better place for their mail.
const exampleDomain = "example.org"

// prepareFlags are the flags of the command prepare.
type prepareFlags struct {
	staff, target, file, link, domain string
	homes                             int
}

func readPrepareFlags(args []string) (f prepareFlags, err error) {
	set := flag.NewFlagSet("prepare", flag.ContinueOnError)
	set.StringVar(&f.staff, "staff", "", "")
	set.StringVar(&f.target, "target", "", "")
	set.StringVar(&f.file, "file", "", "")
	set.StringVar(&f.link, "link", "", "")
	set.StringVar(&f.domain, "mail-domain", exampleDomain, "")
	set.IntVar(&f.homes, "homes", 500, "")
	if err := parse(set, args); err != nil {
		return f, err
	}
	var errs []error
	if f.file == "" {
		errs = append(errs, wrong("--file is missing: where codes and credentials are to be written, for your eyes only"))
	}
	if f.homes < 1 || f.homes > 100_000 {
		errs = append(errs, wrong("--homes %d: give at least rate times duration, at most 100000", f.homes))
	}
	if f.domain == "" || strings.ContainsAny(f.domain, "@ \t\r\n,\"") {
		errs = append(errs, wrong("--mail-domain %q is not where addresses can end: write it like example.org", f.domain))
	}
	if f.link == "" {
		return f, errors.Join(errs...)
	}
	for _, o := range []struct {
		name  string
		value *string
	}{{"staff", &f.staff}, {"target", &f.target}} {
		if *o.value == "" {
			errs = append(errs, wrong("--%s is missing: where the portal is called, spelled out also if it is this machine", o.name))
			continue
		}
		address, err := origin(o.name, *o.value)
		*o.value = address
		errs = append(errs, err)
	}
	return f, errors.Join(errs...)
}

// prepare makes a throw-away company's homes and codes: the command prepare.
func prepare(ctx context.Context, args []string, out, errOut io.Writer) error {
	f, err := readPrepareFlags(args)
	if err != nil {
		return err
	}
	company, err := f.company(ctx)
	if err != nil {
		return err
	}
	say := func(line string) { fmt.Fprintln(errOut, "· "+line) }
	// What is made is kept in the file even if the next development fails.
	err = company.Build(ctx, f.homes, f.domain, say)
	if err = errors.Join(err, company.Save(f.file)); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s has %d homes with unused codes; %s holds them, and the password of %s\n", company.Name, len(company.Homes)-company.Used, f.file, company.Email)
	return nil
}

// company is the one in the file, or with a link a new one.
func (f prepareFlags) company(ctx context.Context) (*estate.Company, error) {
	_, err := os.Stat(f.file)
	switch {
	case f.link == "" && err == nil:
		return readCompany(f.file, f.target)
	case f.link == "":
		return nil, wrong("--link is missing: let the operator run\n"+
			"  developer-portal company create --name \"Load Test Homes\" --admin-email you@example.org\n"+
			"and give the link in the mail to that address (%s is not there yet)", f.file)
	case err == nil:
		return nil, wrong("%s is there already: leave --link out to make more homes for its company, or name another file", f.file)
	}
	company, err := estate.Open(ctx, f.staff, f.target, f.link)
	if err != nil {
		return nil, err
	}
	return company, company.Save(f.file) // at once: the link works only once
}
