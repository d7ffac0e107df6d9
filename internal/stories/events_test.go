package stories

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// This file has the commands for events outside a run: signals, other runs and full disks.

var interruptNoticed = regexp.MustCompile(`(Interrupt|Two interrupts) received`)

// interrupt sends Ctrl-C to the last background command. It returns once the command line has acknowledged the signal,
// so that a second one counts separately, or has ended.
func interrupt(ts *testscript.TestScript, _ *world, _ []string) {
	noticed := func() int {
		files, err := filepath.Glob(filepath.Join(ts.Getenv("OUTPUT"), "*"))
		ts.Check(err)
		count := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			ts.Check(err)
			count += len(interruptNoticed.FindAll(text, -1))
		}
		return count
	}
	running := ts.BackgroundCmds()
	if len(running) == 0 {
		ts.Fatalf("no command runs in the background")
	}
	process, before := running[len(running)-1].Process, noticed()
	ts.Check(process.Signal(os.Interrupt))
	await(ts, "the interrupt was not acknowledged", func() bool {
		return noticed() > before || process.Signal(syscall.Signal(0)) != nil
	})
}

// terminate sends SIGTERM, as a CI system does, to the last background command and its providers.
func terminate(ts *testscript.TestScript, _ *world, _ []string) {
	running := ts.BackgroundCmds()
	if len(running) == 0 {
		ts.Fatalf("no command runs in the background")
	}
	ts.Check(running[len(running)-1].Process.Signal(syscall.SIGTERM))
}

func awaitText(ts *testscript.TestScript, _ *world, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	await(ts, args[0]+" does not contain "+args[1], func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			ts.Fatalf("%v", err)
		}
		return bytes.Contains(text, []byte(args[1]))
	})
}

// await waits until the condition holds. It gives up after more time than the slowest machine needs.
func await(ts *testscript.TestScript, otherwise string, condition func() bool) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for begun := time.Now(); !condition(); <-ticker.C {
		if time.Since(begun) > arrivalLimit {
			ts.Fatalf("%s, within %s", otherwise, arrivalLimit)
		}
	}
}

func mountSmallDisk(ts *testscript.TestScript, _ *world, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: small-disk DIRECTORY SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(mount(dir, args[1]))
	ts.Defer(func() { ts.Check(unmount(dir)) })
}

// canMount reports whether the command small-disk works for this user on this system, by trying it.
func canMount() (bool, error) {
	dir, err := os.MkdirTemp("", "goto")
	if err != nil {
		return false, err
	}
	can := mount(dir, "64k") == nil
	if can {
		err = unmount(dir)
	}
	return can, errors.Join(err, os.Remove(dir))
}

func mount(dir, size string) error {
	return exec.CommandContext(context.Background(), "mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "tmpfs", dir).Run()
}

func unmount(dir string) error {
	return exec.CommandContext(context.Background(), "umount", dir).Run()
}
