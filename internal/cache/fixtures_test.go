package cache_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const day = 24 * time.Hour

var (
	key      = cache.NewKey("https://authentication.example", "client", "code")
	otherKey = cache.NewKey("https://authentication.example", "client", "another code")

	sealer      = secret.New("the client secret")
	otherSealer = secret.New("another client secret")
)

const (
	roleVariable      = "CACHE_TEST_ROLE"
	directoryVariable = "CACHE_TEST_DIRECTORY"
)

// roles are what this test binary does when a test starts it as a process of its own.
var roles = map[string]func(directory string) error{"hold": hold, "contend": contend}

func TestMain(m *testing.M) {
	role := roles[os.Getenv(roleVariable)]
	if role == nil {
		os.Exit(m.Run())
	}
	if err := role(os.Getenv(directoryVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process returns this test binary in a role.
func process(t *testing.T, role, directory string) *exec.Cmd {
	t.Helper()
	if roles[role] == nil {
		t.Fatalf("there is no role %s", role)
	}
	binary, err := os.Executable()
	must(t, err)
	command := exec.CommandContext(t.Context(), binary)
	command.Env = append(os.Environ(), roleVariable+"="+role, directoryVariable+"="+directory)
	return command
}

// started starts a process and waits until it has said a line.
func started(t *testing.T, role, directory string) *exec.Cmd {
	t.Helper()
	command := process(t, role, directory)
	command.Stderr = os.Stderr
	_, err := command.StdinPipe() // stays open, so that the process has something to wait for
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Fatalf("%s did not come up: %v", role, err)
	}
	return command
}

// hold takes the lock and keeps it until it is killed.
func hold(directory string) error {
	storage, err := cache.OpenDirectory(directory, cache.DirectoryOptions{})
	if err != nil {
		return err
	}
	if _, err := storage.Lock(context.Background(), key); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// newDirectory returns a storage in a directory that did not exist before.
func newDirectory(t testing.TB, options cache.DirectoryOptions) (*cache.Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cache")
	return openDirectory(t, path, options), path
}

func openDirectory(t testing.TB, path string, options cache.DirectoryOptions) *cache.Directory {
	t.Helper()
	directory, err := cache.OpenDirectory(path, options)
	must(t, err)
	return directory
}

func write(t testing.TB, storage cache.Storage, key cache.Key, sealer secret.Value, plaintext string) {
	t.Helper()
	must(t, cache.New(storage).Write(t.Context(), key, sealer, []byte(plaintext)))
}

func wantPlaintext(t testing.TB, storage cache.Storage, key cache.Key, sealer secret.Value, want string) {
	t.Helper()
	got, err := cache.New(storage).Read(t.Context(), key, sealer)
	if err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// files returns the files in a directory that match pattern.
func files(t testing.TB, directory, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, pattern))
	must(t, err)
	return found
}

// onlyFile returns the one file in a directory that matches pattern.
func onlyFile(t testing.TB, directory, pattern string) string {
	t.Helper()
	found := files(t, directory, pattern)
	if len(found) != 1 {
		t.Fatalf("%s in %s: %q, want one", pattern, directory, found)
	}
	return found[0]
}

func setAge(t testing.TB, path string, age time.Duration) {
	t.Helper()
	modified := time.Now().Add(-age)
	must(t, os.Chtimes(path, modified, modified))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantParts(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}
