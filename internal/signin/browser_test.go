package signin_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/signin"
)

// program writes a shell script and returns its path.
func program(t *testing.T, directory, name, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("requires a POSIX shell")
	}
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBrowserProgramsAreTriedInOrder(t *testing.T) {
	t.Parallel()
	const address = "https://goto.test/?a=b%20c&d"
	directory := t.TempDir()
	tell := program(t, directory, "tell", `printf '%s|' "$@" > "$0.told"`)
	spaced := program(t, directory, "tell by name", `printf 'spaced|%s|' "$@" > "${0% by name}.told"`)
	fail := program(t, directory, "fail", "exit 1")
	told := func() string {
		text, err := os.ReadFile(tell + ".told")
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	for programs, want := range map[string]string{
		tell:                                     address + "|",
		tell + " --new":                          "--new|" + address + "|",
		tell + " --app=%s last":                  "--app=" + address + "|last|",
		spaced:                                   "spaced|" + address + "|",
		"missing::" + fail + ":" + tell + " one": "one|" + address + "|",
	} {
		if err := signin.Open(t.Context(), programs, address); err != nil || told() != want {
			t.Errorf("%s: told %q, error %v", programs, told(), err)
		}
	}
	if err := signin.Open(t.Context(), fail, address); err == nil {
		t.Error("no error from a program that failed")
	}

	// A program that exits together with the browser may fail long after the sign-in. The next program must not open
	// the address then.
	if err := os.Remove(tell + ".told"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := signin.Open(ctx, fail+":"+tell, address); err == nil {
		t.Error("no error after the sign-in ended")
	}
	if _, err := os.Stat(tell + ".told"); err == nil {
		t.Error("opened another browser after the sign-in ended")
	}
}

// A browser that outlives the provider would fail when it writes to a closed pipe.
func TestDesktopBrowserOutputIsDiscarded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("requires /proc and xdg-open")
	}
	directory := t.TempDir()
	opener := program(t, directory, "xdg-open", `readlink /proc/$$/fd/2 > "$0.told"`)
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	if err := signin.Open(t.Context(), "", "https://goto.test/"); err != nil {
		t.Fatal(err)
	}
	if told, err := os.ReadFile(opener + ".told"); err != nil || string(told) != "/dev/null\n" {
		t.Errorf("output goes to %q, error %v", told, err)
	}
}
