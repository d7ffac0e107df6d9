package stories

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func killProvider(ts *testscript.TestScript, w *world, _ []string) { signalProviders(ts, w, os.Kill) } // SIGKILL

// stopProvider stops the providers and returns once all their threads have stopped. They are woken at the end of the
// story, even if it fails.
func stopProvider(ts *testscript.TestScript, w *world, _ []string) {
	for _, process := range signalProviders(ts, w, stopSignal) {
		ts.Defer(func() { _ = process.Signal(wakeSignal) })
		await(ts, "the provider does not stop", func() bool { return isStopped(ts, process.Pid) })
	}
}

func isStopped(ts *testscript.TestScript, pid int) bool {
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	ts.Check(err)
	for _, path := range threads {
		text, err := os.ReadFile(path)
		// The state follows the name, which is in parentheses.
		if err != nil || !strings.HasPrefix(string(text[bytes.LastIndexByte(text, ')')+1:]), " T") {
			return false
		}
	}
	return len(threads) > 0
}

func wakeProvider(ts *testscript.TestScript, w *world, _ []string) {
	signalProviders(ts, w, wakeSignal)
}

// signalProviders signals the provider processes of this story, which it recognizes by $WORK in their environment. It
// does not find providers whose clock was put forward. Stories that use it run only on Linux.
func signalProviders(ts *testscript.TestScript, w *world, signal os.Signal) (signaled []*os.Process) {
	if runtime.GOOS != "linux" {
		ts.Fatalf("finding providers requires /proc")
	}
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	ts.Check(err)
	for _, path := range environments {
		dir := filepath.Dir(path)
		program, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || program != w.provider {
			continue // ended, or another user's
		}
		environment, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), "WORK="+ts.Getenv("WORK")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		ts.Check(err)
		process, err := os.FindProcess(pid)
		ts.Check(err)
		ts.Check(process.Signal(signal))
		signaled = append(signaled, process)
	}
	if len(signaled) == 0 {
		ts.Fatalf("no provider is running")
	}
	return signaled
}
