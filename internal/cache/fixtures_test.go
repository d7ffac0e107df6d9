package cache_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/buckettest"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const day = 24 * time.Hour

var (
	key      = cache.NewKey("https://authentication.example", "client", "code")
	otherKey = cache.NewKey("https://authentication.example", "client", "another code")

	sealer, otherSealer, thirdSealer = secret.New("the client secret"), secret.New("another client secret"), secret.New("a third one")
)

// entryOf returns the name of a key's entry.
func entryOf(key cache.Key) string { return key.String() + ".v2" }

const roleVariable, directoryVariable = "CACHE_TEST_ROLE", "CACHE_TEST_DIRECTORY"

// roles lists the functions that tests run in a separate process of this test binary.
var roles = map[string]func(t *testing.T, directory string){"hold": hold, "contend": contend}

func TestRole(t *testing.T) {
	t.Parallel()

	if role := roles[os.Getenv(roleVariable)]; role != nil {
		role(t, os.Getenv(directoryVariable))
	}
}

// process returns a command that runs one test of this test binary: TestRole, which plays role in a directory, or a
// different one.
func process(t *testing.T, test, role, directory string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	must(t, err)
	command := exec.CommandContext(t.Context(), binary, "-test.run=^"+test+"$", "-test.v")
	command.Env = append(os.Environ(), roleVariable+"="+role, directoryVariable+"="+directory)
	return command
}

// run runs a process and skips or fails this test if the process skips or fails its own.
func run(t *testing.T, command *exec.Cmd) {
	t.Helper()
	output, err := command.CombinedOutput()
	if command.ProcessState == nil || strings.Contains(string(output), "--- SKIP") {
		t.Skipf("%v: %s", err, output)
	}
	if err != nil || !strings.Contains(string(output), "--- PASS") {
		t.Fatalf("%v: %s", err, output)
	}
}

// hold prunes, claims the entry, writes an intent, and keeps the claim until the process is killed.
func hold(t *testing.T, directory string) {
	t.Helper()
	storage := openDirectory(t, directory, cache.Options{})
	must(t, storage.Prune(t.Context()))
	claimed := claim(t, storage, key)
	must(t, writeAs(t.Context(), "intent", claimed, sealer, "intent"))
	fmt.Println("claimed")
	_, err := io.Copy(io.Discard, os.Stdin)
	must(t, errors.Join(err, claimed.End()))
}

// holder starts a process that holds the claim of the entry.
func holder(t *testing.T, directory string, environment ...string) *exec.Cmd {
	t.Helper()
	command := process(t, "TestRole", "hold", directory)
	command.Env = append(command.Env, environment...)
	_, err := command.StdinPipe() // stays open, so the process keeps waiting
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	for lines := bufio.NewScanner(output); lines.Text() != "claimed"; {
		if !lines.Scan() {
			t.Fatalf("the process ended: %v", command.Wait())
		}
	}
	return command
}

// newDirectory returns a storage in a new directory.
func newDirectory(t testing.TB, options cache.Options) (*cache.Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cache")
	return openDirectory(t, path, options), path
}

func openDirectory(t testing.TB, path string, options cache.Options) *cache.Directory {
	t.Helper()
	directory := cache.NewDirectory(path, options)
	must(t, directory.Prepare())
	return directory
}

// everyStorage runs a test against each storage, because callers don't know which one they use.
func everyStorage(t *testing.T, test func(t *testing.T, storage cache.Storage)) {
	t.Helper()
	directory, _ := newDirectory(t, cache.Options{})
	t.Run("directory", func(t *testing.T) { test(t, directory) })
	t.Run("memory", func(t *testing.T) { test(t, cache.NewMemory()) })
	t.Run("bucket", func(t *testing.T) { test(t, newObjects(&buckettest.Store{})) })
}

// newObjects returns the storage of one machine in store.
func newObjects(store cache.Store) *cache.Objects {
	return cache.NewObjects(store, "s3://bucket/prefix", cache.Options{})
}

func claim(t testing.TB, storage cache.Storage, key cache.Key) *cache.Claim {
	t.Helper()
	claimed, err := cache.New(storage).Claim(t.Context(), key)
	must(t, err)
	return claimed
}

// ways lists the ways to write an entry.
var ways = []string{"transient", "retained", "intent"}

func writeAs(ctx context.Context, way string, claimed *cache.Claim, sealer secret.Value, plaintext string) error {
	switch way {
	case "transient":
		return claimed.Write(ctx, sealer, []byte(plaintext), cache.Transient)
	case "retained":
		return claimed.Write(ctx, sealer, []byte(plaintext), cache.Retained)
	}
	return claimed.WriteIntent(ctx, sealer, []byte(plaintext))
}

// write claims an entry, writes it as retained, and ends the claim.
func write(t testing.TB, storage cache.Storage, key cache.Key, sealer secret.Value, plaintext string) {
	t.Helper()
	claimed := claim(t, storage, key)
	must(t, errors.Join(writeAs(t.Context(), "retained", claimed, sealer, plaintext), claimed.End()))
}

// Results that want accepts in place of a plaintext.
const notFound, unreadable = "(not found)", "(unreadable)"

// want checks the plaintext of an entry. If the entry is unreadable, the error must contain parts.
func want(t testing.TB, storage cache.Storage, key cache.Key, sealer secret.Value, want string, parts ...string) {
	t.Helper()
	plaintext, err := cache.New(storage).Read(t.Context(), key, sealer)
	got := string(plaintext)
	if wrong, ok := errors.AsType[*cache.UnreadableError](err); ok {
		got += unreadable
		wantParts(t, err, append(parts, wrong.Path)...)
	} else if errors.Is(err, cache.ErrNotFound) {
		got += notFound
	} else {
		must(t, err)
	}
	if got != want {
		t.Fatalf("got %q and error %v, want %q", got, err, want)
	}
}

func wantLocationError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if _, ok := errors.AsType[*cache.LocationError](err); !ok {
		t.Fatalf("got %v, want a LocationError", err)
	}
	wantParts(t, err, parts...)
}

// wantParts fails the test unless err contains parts.
func wantParts(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not contain %q", err, part)
		}
	}
}

// files returns the files in a directory whose names match pattern.
func files(t testing.TB, directory, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, pattern))
	must(t, err)
	return found
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
