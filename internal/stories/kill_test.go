package stories

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// killProvider kills the processes that run the provider for this story, which it knows by $WORK in
// their environment. Stories that use it run on Linux only.
func killProvider(ts *testscript.TestScript, w *world, _ []string) {
	if runtime.GOOS != "linux" {
		ts.Fatalf("providers are found in /proc only")
	}
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	ts.Check(err)
	killed := 0
	for _, path := range environments {
		dir := filepath.Dir(path)
		program, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || program != w.provider {
			continue // gone meanwhile, or somebody else's
		}
		environment, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), "WORK="+ts.Getenv("WORK")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		ts.Check(err)
		process, err := os.FindProcess(pid)
		ts.Check(err)
		ts.Check(process.Kill()) // kill -9
		killed++
	}
	if killed == 0 {
		ts.Fatalf("no provider is running")
	}
}
