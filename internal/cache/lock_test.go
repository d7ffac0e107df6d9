package cache_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

const contenders, contentions = 4, 25

func TestClaimExcludesOtherProcesses(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "parent", "cache") // the processes create it at the same time
	var group, reader sync.WaitGroup
	for range contenders {
		command := process(t, "TestRole", "contend", path)
		group.Go(func() {
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
	storage, done := openDirectory(t, path, cache.Options{}), make(chan struct{})
	reader.Go(func() {
		for length, ended := 0, runtime.GOOS == "windows"; !ended; { // Windows does not replace open files
			select {
			case <-done:
				ended = true
			default:
			}
			plaintext, err := cache.New(storage).Read(t.Context(), key, sealer)
			if err != nil && !errors.Is(err, cache.ErrNotFound) || len(plaintext) < length {
				t.Errorf("got %q and error %v after %d bytes", plaintext, err, length)
			}
			length = len(plaintext)
		}
	})
	group.Wait()
	close(done)
	reader.Wait()
	want(t, storage, key, sealer, strings.Repeat("x", contenders*contentions))
}

// contend adds to an entry repeatedly. Additions get lost if two processes hold the claim at the same time.
func contend(t *testing.T, directory string) {
	t.Helper()
	storage := openDirectory(t, directory, cache.Options{})
	for range contentions {
		claimed := claim(t, storage, key)
		plaintext, err := cache.New(storage).Read(t.Context(), key, sealer)
		if !errors.Is(err, cache.ErrNotFound) {
			must(t, err)
		}
		must(t, errors.Join(writeAs(t.Context(), "retained", claimed, sealer, string(plaintext)+"x"), claimed.End()))
	}
}

// claiming is a method of [cache.Cache] that claims an entry.
type claiming func(*cache.Cache, context.Context, cache.Key) (*cache.Claim, error)

// waiter claims the entry and ends the claim. It reports when it has to wait, and its result.
func waiter(ctx context.Context, t *testing.T, path string, claim claiming) (waiting <-chan string, result <-chan error) {
	t.Helper()
	messages, ended := make(chan string, 2), make(chan error, 1)
	log := func(_ context.Context, message string, _ ...map[string]any) { messages <- message }
	directory := openDirectory(t, path, cache.Options{Log: log})
	go func() {
		claimed, err := claim(cache.New(directory), ctx, key)
		if err == nil {
			err = claimed.End()
		}
		ended <- err
	}()
	return messages, ended
}

func wantWaiting(t *testing.T, waiting <-chan string, result <-chan error) {
	t.Helper()
	select {
	case <-waiting:
	case err := <-result:
		t.Fatalf("the claim did not wait for its other holder: %v", err)
	}
}

func TestLockEndsWithKilledProcess(t *testing.T) {
	t.Parallel()

	_, path := newDirectory(t, cache.Options{})
	holder := holder(t, path)
	waiting, result := waiter(t.Context(), t, path, (*cache.Cache).Claim)
	wantWaiting(t, waiting, result)
	must(t, holder.Process.Kill())
	must(t, <-result)
	_ = holder.Wait() // reports the kill as an error
}

func TestClaimUnlessWritten(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.Options{})
	for _, way := range ways {
		holder := claim(t, directory, key)
		var results []<-chan error
		for range 3 {
			waiting, result := waiter(t.Context(), t, path, (*cache.Cache).ClaimUnlessWritten)
			wantWaiting(t, waiting, result)
			results = append(results, result)
		}
		must(t, errors.Join(writeAs(t.Context(), way, holder, sealer, way), holder.End()))
		for _, result := range results {
			if err := <-result; !errors.Is(err, cache.ErrOvertaken) {
				t.Errorf("after a write as %s: got %v, want ErrOvertaken", way, err)
			}
		}
	}
}

func TestClaimTimeout(t *testing.T) {
	t.Parallel()

	const limit = 30 * time.Millisecond
	directory, _ := newDirectory(t, cache.Options{ClaimTimeout: limit})
	holder := claim(t, directory, key)
	if _, err := cache.New(directory).TryClaim(t.Context(), key); !errors.Is(err, cache.ErrHeld) {
		t.Errorf("without waiting: got %v, want ErrHeld", err)
	}
	_, err := cache.New(directory).Claim(t.Context(), key) // from the same process and storage
	if _, ok := errors.AsType[*cache.ClaimTimeoutError](err); !ok || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want a ClaimTimeoutError and no context error", err)
	}
	wantParts(t, err, directory.Locate(key.String()+".lock"), limit.String())
	must(t, holder.End())
	must(t, claim(t, directory, key).End())
}

func TestClaimEndsWithContext(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.Options{ClaimTimeout: time.Minute})
	before := claim(t, directory, key)
	must(t, before.End())
	holder := claim(t, directory, key)
	must(t, before.End()) // must not end another holder's claim

	ctx, cancel := context.WithCancel(t.Context())
	waiting, result := waiter(ctx, t, path, (*cache.Cache).Claim)
	wantWaiting(t, waiting, result)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	must(t, holder.End())
	for _, storage := range []cache.Storage{directory, cache.NewMemory()} {
		if _, err := cache.New(storage).Claim(ctx, key); !errors.Is(err, context.Canceled) {
			t.Errorf("without waiting: got %v, want context.Canceled", err)
		}
	}
	must(t, claim(t, directory, key).End()) // a canceled claim holds nothing
}

func TestClaimLogsWaiting(t *testing.T) {
	t.Parallel()

	var lines []string
	var holder *cache.Claim
	clock := time.Now()
	directory, path := newDirectory(t, cache.Options{
		Now: func() time.Time { clock = clock.Add(3 * time.Second); return clock },
		Log: func(_ context.Context, message string, fields ...map[string]any) {
			lines = append(lines, fmt.Sprint(message, fields))
			if len(lines) == 1 {
				must(t, holder.End())
			}
		},
	})
	holder = claim(t, openDirectory(t, path, cache.Options{}), key)
	must(t, claim(t, directory, otherKey).End()) // does not wait, so it logs nothing
	must(t, claim(t, directory, key).End())

	file := directory.Locate(key.String() + ".lock")
	want := []string{
		"waiting for the lock of a cache entry[map[lock_file:" + file + "]]",
		"obtained the lock of a cache entry[map[lock_file:" + file + " waited:3s]]",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}
