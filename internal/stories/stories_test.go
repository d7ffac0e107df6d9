package stories

import (
	"os"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

func TestMain(m *testing.M) {
	for name, value := range servers.Environment() { // for the search of buckets; stories have their own environment
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"tf": runCommandLine, "concurrently": runConcurrently, "host": runHost, "browser": runBrowser})
}

func TestStories(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stories require Unix programs and permissions")
	}
	built := buildPrograms(t)
	for _, dir := range []string{"testdata/script", writeFaultStories(t)} {
		testscript.Run(t, testscript.Params{
			Dir:                 dir,
			Setup:               func(env *testscript.Env) error { return setUpWorld(env, built) },
			Cmds:                commands,
			Condition:           built.condition,
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
		})
	}
}
