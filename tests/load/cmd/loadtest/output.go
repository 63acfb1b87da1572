package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	"openhouse.example/tests/load"
)

// write gives the report in every form that was asked for. What a program reads has standard output to itself.
func write(r load.Report, f onboardFlags, out, errOut io.Writer) error {
	var document bytes.Buffer
	if err := r.JSON(&document); err != nil {
		return err
	}
	plot := []byte(r.Plot(float64(f.maxMean.Microseconds()) / 1000))
	text := out
	var errs []error
	for _, o := range []struct {
		file    string
		content []byte
	}{{f.json, document.Bytes()}, {f.plot, plot}} {
		switch o.file {
		case "":
		case "-":
			text = errOut
			_, err := out.Write(o.content)
			errs = append(errs, err)
		default:
			errs = append(errs, os.WriteFile(o.file, o.content, 0o644))
		}
	}
	return errors.Join(append(errs, r.Text(text))...)
}
