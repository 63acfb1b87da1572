package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"openhouse.example/tests/load"
	"openhouse.example/tests/load/estate"
	"openhouse.example/tests/load/local"
	"openhouse.example/tests/load/onboarding"
)

// poolEvery is how often the pool is looked at.
const poolEvery = 200 * time.Millisecond

// onboardFlags are the flags of the command onboarding.
type onboardFlags struct {
	rate     float64
	duration time.Duration
	maxMean  time.Duration
	target   string
	file     string
	json     string
	plot     string
}

func readOnboardFlags(args []string) (f onboardFlags, err error) {
	set := flag.NewFlagSet("onboarding", flag.ContinueOnError)
	set.Float64Var(&f.rate, "rate", 50, "")
	set.DurationVar(&f.duration, "duration", 10*time.Second, "")
	set.DurationVar(&f.maxMean, "max-mean", 95*time.Millisecond, "")
	set.StringVar(&f.target, "target", "", "")
	set.StringVar(&f.file, "file", "", "")
	set.StringVar(&f.json, "json", "", "")
	set.StringVar(&f.plot, "plot", "", "")
	if err := parse(set, args); err != nil {
		return f, err
	}
	var errs []error
	if !(f.rate > 0 && f.rate <= 10_000) { // NaN is neither
		errs = append(errs, wrong("--rate %v: give scans a second, at most 10000", f.rate))
	}
	if f.duration <= 0 || f.duration > time.Hour {
		errs = append(errs, wrong("--duration %v: give a time up to 1h, such as 30s", f.duration))
	}
	if f.maxMean <= 0 {
		errs = append(errs, wrong("--max-mean %v: give the longest mean that is good enough, such as 95ms", f.maxMean))
	}
	if err := errors.Join(errs...); err != nil {
		return f, err
	}
	if load.Planned(f.rate, f.duration) < 1 {
		return f, wrong("--rate %v for --duration %v is not one scan", f.rate, f.duration)
	}
	if f.target != "" && f.file == "" {
		return f, wrong("--target needs --file: the homes and codes that loadtest prepare has made there")
	}
	if f.json == "-" && f.plot == "-" {
		return f, wrong("--json and --plot can't both be -")
	}
	return f, nil
}

// onboard has people scan their codes: the command onboarding.
func onboard(ctx context.Context, args []string, out, errOut io.Writer) (err error) {
	f, err := readOnboardFlags(args)
	if err != nil {
		return err
	}
	say := func(line string) { fmt.Fprintln(errOut, "· "+line) }
	scans := load.Planned(f.rate, f.duration)
	var company *estate.Company
	trouble := func() string { return "" }
	if f.file == "" {
		installation, err := local.Start(ctx, say)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, installation.Stop()) }()
		trouble = installation.Trouble
		if company, err = furnish(ctx, installation, scans, say); err != nil {
			return err
		}
	} else if company, err = readCompany(f.file, f.target); err != nil {
		return err
	}
	homes, err := company.Take(scans)
	if err != nil {
		return err
	}
	if f.file != "" { // before the first scan: a run that is broken off has used codes, too
		if err := company.Save(f.file); err != nil {
			return err
		}
	}
	say(fmt.Sprintf("%d scans at %s", scans, company.Tenant))
	report := scanAll(ctx, f, company.Tenant, people(homes), errOut)
	if said := trouble(); said != "" && !report.Passed {
		fmt.Fprintf(errOut, "\nthe portals said:\n%s", said)
	}
	if err := write(report, f, out, errOut); err != nil {
		return err
	}
	if !report.Passed {
		return errMissed
	}
	return nil
}

// furnish makes a company with homes on an installation of our own.
func furnish(ctx context.Context, i *local.Installation, homes int, say func(string)) (*estate.Company, error) {
	link, err := i.NewCompany(ctx)
	if err != nil {
		return nil, err
	}
	c, err := estate.Open(ctx, i.Developer, i.Tenant, link)
	if err != nil {
		return nil, err
	}
	return c, c.Build(ctx, homes, exampleDomain, say)
}

// people are who scan: every second one is the buyer, the others are strangers to the company.
func people(homes []estate.Home) []onboarding.Scan {
	scans := make([]onboarding.Scan, len(homes))
	for i, h := range homes {
		scans[i] = onboarding.Scan{Code: h.Code, Name: "Rosa Example", Email: h.Buyer}
		if i%2 == 1 {
			scans[i].Name, scans[i].Email = "Milo Example", strings.Replace(h.Buyer, "buyer-", "stranger-", 1)
		}
	}
	return scans
}

func scanAll(ctx context.Context, f onboardFlags, tenant string, scans []onboarding.Scan, errOut io.Writer) load.Report {
	client := load.NewClient(tenant)
	defer client.Close()
	recorder, at := load.NewRecorder(), time.Now()
	pool := load.WatchPool(ctx, tenant, poolEvery)
	telling, stop := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() { defer close(told); load.Tell(telling, errOut, recorder, pool) }()
	load.Open(ctx, f.rate, f.duration, onboarding.Visit(client, scans), recorder)
	stop()
	<-told
	return recorder.Report(
		load.Run{Command: "onboarding", Model: "open", Target: tenant, At: at, Rate: f.rate, Seconds: f.duration.Seconds()},
		pool.Stop(), load.AllOK, load.NoneRefused, load.MeanWithin(f.maxMean))
}
