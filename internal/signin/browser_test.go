package signin_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/signin"
)

// program writes a shell script, and returns its path.
func program(t *testing.T, directory, name, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no shell")
	}
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBrowserPrograms(t *testing.T) {
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
		t.Error("a program has failed, without an error")
	}

	// Programs that end with the browser may fail long after the sign-in. No other one opens its address then.
	if err := os.Remove(tell + ".told"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := signin.Open(ctx, fail+":"+tell, address); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(tell + ".told"); err == nil {
		t.Error("another browser was opened when the sign-in had ended")
	}
}

// A browser that goes on when the provider has ended must not write into a pipe that nobody reads.
func TestDesktopBrowserHasNoPipe(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc and xdg-open")
	}
	directory := t.TempDir()
	opener := program(t, directory, "xdg-open", `readlink /proc/$$/fd/2 > "$0.told"`)
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	if err := signin.Open(t.Context(), "", "https://goto.test/"); err != nil {
		t.Fatal(err)
	}
	if told, err := os.ReadFile(opener + ".told"); err != nil || string(told) != "/dev/null\n" {
		t.Errorf("its output goes to %q, error %v", told, err)
	}
}
