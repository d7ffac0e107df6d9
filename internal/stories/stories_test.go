package stories

import (
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tf": runCommandLine})
}

func TestStories(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stories use Unix programs and permissions")
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
