// Command bench measures the provider beside its floor and writes what it finds into README.md of its
// folder: how many token requests there are, and where each millisecond goes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	cli := flag.String("cli", "terraform", "the terraform or tofu to run")
	runs := flag.Int("runs", 5, "how often each thing is measured")
	page := flag.String("page", "", "the file to write the results to; none: standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, *cli, *runs, *page)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, cliName string, runs int, page string) (err error) {
	cli, err := exec.LookPath(cliName)
	if err != nil {
		return err
	}
	if cli, err = filepath.Abs(cli); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "goto-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	built, err := buildPrograms(ctx, cli, directory)
	if err != nil {
		return err
	}
	b := &bencher{programs: built, directory: directory, runs: runs}
	found, err := b.measureAll(ctx)
	if err != nil {
		return err
	}
	text := found.render()
	if page == "" {
		_, err = fmt.Print(text)
		return err
	}
	return os.WriteFile(page, []byte(text), 0o644)
}
