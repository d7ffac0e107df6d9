package stories

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
)

// runConcurrently is the program "concurrently NUMBER ARGUMENTS...". It runs tf the given number of times at once. Each
// run has its own directory run-N with the configuration, and its own home directory.
func runConcurrently() {
	number, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	var failed atomic.Bool
	var all sync.WaitGroup
	for n := range number {
		all.Go(func() {
			if err := runOne(fmt.Sprint("run-", n+1), os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				failed.Store(true)
			}
		})
	}
	all.Wait()
	if failed.Load() {
		os.Exit(1)
	}
}

func runOne(dir string, arguments []string) error {
	home, err := filepath.Abs(filepath.Join(dir, "home"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	configurations, err := filepath.Glob("*.tf")
	if err != nil {
		return err
	}
	for _, name := range configurations {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	run := exec.CommandContext(context.Background(), "tf", append([]string{"-chdir=" + dir}, arguments...)...)
	run.Env = append(os.Environ(), "HOME="+home)
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	if err := run.Run(); err != nil {
		return fmt.Errorf("in %s: %w", dir, err)
	}
	return nil
}
