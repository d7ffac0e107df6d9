package cache_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// isIgnored reports whether tests ignore a file: the marker of pruning, and lock files on Windows, which cannot be
// removed while another process has them open.
func isIgnored(name string) bool {
	return name == "pruned" || runtime.GOOS == "windows" && filepath.Ext(name) == ".lock"
}

func wantFiles(t *testing.T, directory string, names []string) {
	t.Helper()
	found := []string{}
	for _, path := range files(t, directory, "*") {
		found = append(found, filepath.Base(path))
	}
	slices.Sort(names)
	if diff := cmp.Diff(slices.DeleteFunc(names, isIgnored), slices.DeleteFunc(found, isIgnored)); diff != "" {
		t.Error(diff)
	}
}

func TestPruneRemovesOnlyUnusedEntries(t *testing.T) {
	t.Parallel()

	const young, old = 58 * day, 61 * day
	const seal1, seal2 = "-0123456789abcdef", "-fedcba9876543210"
	now := time.Now()
	directory, path := newDirectory(t, cache.Options{Now: func() time.Time { return now }})
	id := func(text string) string { return cache.NewKey(text).String() }
	foreign := id("foreign")
	gone := map[string]time.Duration{
		id("old") + ".lock": old, id("old") + ".v2": old, id("old") + ".v2.new": old, id("old") + ".v2.intent": old,
		id("old") + seal1 + ".v1": old, id("old") + seal2 + ".v1.new": old, id("old") + ".probe": old, id("old") + ".probe.new": old,
		id("lock only") + ".lock": old, id("no lock") + ".v2": old, id("young lock") + ".v2": old, id("young lock") + ".lock": young,
		id("two") + seal1 + ".v1": old,
	}
	kept := map[string]time.Duration{
		id("two") + ".v2": young, id("two") + ".lock": old,
		id("young") + ".v2": young, id("young") + ".v2.new": young, id("young") + seal1 + ".v1": young,
		id("young lock only") + ".lock": young, id("future") + ".v2": -100 * 365 * day,
		foreign: old, foreign + ".v1": old, foreign + ".v3": old, foreign + seal1 + ".v2": old, foreign + seal1 + ".v12": old,
		foreign + seal1 + "00.v1": old, foreign + ".v2.bak": old, foreign + ".lock.new": old, "0" + foreign + ".v2": old,
		strings.ToUpper(foreign) + ".v2": old, ".tmp-123": old, "x.lock": old, "notes.txt": old,
	}
	put := func(names map[string]time.Duration) (put []string) {
		for name, age := range names {
			path := filepath.Join(path, name)
			must(t, errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, now.Add(-age), now.Add(-age))))
			put = append(put, name)
		}
		return put
	}
	remaining := append(put(kept), id("directory")+".v2")
	inTheWay := directory.Locate(id("directory") + ".v2")
	must(t, errors.Join(os.Mkdir(inTheWay, 0o700), os.Chtimes(inTheWay, now.Add(-old), now.Add(-old))))
	all := append(put(gone), remaining...)

	must(t, directory.Prune(t.Context()))
	wantFiles(t, path, all)
	now = now.Add(day)
	must(t, directory.Prune(t.Context()))
	wantFiles(t, path, remaining)
}

// Pruning removes an entry after two checks, at least a day apart, have found it unused for 60 days, unless it was used
// in between. The entry is written on day 0, by a clock that is years ahead.
func TestPruneRequiresTwoChecks(t *testing.T) {
	t.Parallel()

	for steps, gone := range map[string]bool{ // each step is a day and an action
		"61 prune":                                           false,
		"61 prune, 61.99 prune":                              false,
		"61 prune, 62 prune":                                 true,
		"61 prune, 1000 prune":                               true,
		"0 prune, 1 prune, 2 prune, 59.9 prune":              false,
		"59.9 prune, 60.9 prune":                             false,
		"59.9 prune, 60.9 prune, 61.9 prune":                 true,
		"61 prune, 61.5 read, 62 prune, 63 prune":            false,
		"61 prune, 61.5 read, 122 prune, 123 prune":          true,
		"0.9 read, 60.5 prune, 61.5 prune":                   true, // reading marks entries older than a day
		"1.1 read, 60.5 prune, 61.5 prune":                   false,
		"61 prune, 61.5 write, 62 prune, 63 prune":           false,
		"61 prune, 61.5 claim, 62 prune, 63 prune":           false,
		"61 prune, 61.5 claim, 62 prune, 62.5 end, 63 prune": true,
		"0 prune, 61 prune, 1 prune, 2 prune, 3 prune":       false, // one run's clock is ahead
		"100 prune, 61 prune":                                false, // the marker is from the future
		"100 prune, 61 prune, 62 prune":                      true,
		"60 mark, 61 prune":                                  false, // as the first release does
		"60 mark, 60.5 prune, 61.5 prune":                    false,
		"60 mark, 61 prune, 62 prune":                        true,
	} {
		t.Run(steps, func(t *testing.T) {
			t.Parallel()
			start := time.Now().Add(1000 * day)
			now := start
			directory, path := newDirectory(t, cache.Options{Now: func() time.Time { return now }})
			write(t, directory, key, sealer, "x")
			var claimed *cache.Claim
			for step := range strings.SplitSeq(steps, ", ") {
				var at float64
				var what string
				_, err := fmt.Sscan(step, &at, &what)
				must(t, err)
				now = start.Add(time.Duration(at * float64(day)))
				switch marker := filepath.Join(path, "pruned"); what {
				case "prune":
					must(t, directory.Prune(t.Context()))
				case "read":
					want(t, directory, key, sealer, "x")
				case "write":
					write(t, directory, key, sealer, "x")
				case "claim":
					claimed = claim(t, directory, key)
				case "end":
					must(t, claimed.End())
				case "mark":
					must(t, errors.Join(os.WriteFile(marker, nil, 0o600), os.Chtimes(marker, now, now)))
				}
			}
			if gone {
				wantFiles(t, path, []string{})
			} else {
				wantFiles(t, path, []string{key.String() + ".lock", entryOf(key)})
			}
			if claimed != nil {
				must(t, claimed.End())
			}
		})
	}
}

// A process that does not wait uses the entry while pruning is about to remove it.
func TestPruneChecksAgainBeforeRemoving(t *testing.T) {
	t.Parallel()

	for moment := range 8 {
		now, moments, used := time.Now(), 0, false
		use := func() {}
		directory, path := newDirectory(t, cache.Options{Now: func() time.Time { use(); return now }})
		user := openDirectory(t, path, cache.Options{ClaimTimeout: 1, Now: func() time.Time { return now }})
		write(t, user, key, sealer, "x")
		now = now.Add(61 * day)
		must(t, directory.Prune(t.Context()))
		now = now.Add(day)
		use = func() {
			if moments++; moments != moment+1 {
				return
			}
			if claimed, err := cache.New(user).Claim(t.Context(), key); err == nil {
				must(t, errors.Join(writeAs(t.Context(), "retained", claimed, sealer, "used"), claimed.End()))
				used = true
			}
		}
		must(t, directory.Prune(t.Context()))
		if used {
			want(t, user, key, sealer, "used")
		}
	}
}

// Pruning removes lock files while other processes open and lock them. A lock on a removed file is no claim.
func TestPruningLockFilesKeepsClaimsExclusive(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "cache")
	var elapsed atomic.Int64 // in days, so that every pruning is due and every lock file is old
	now := func() time.Time { return time.Now().Add(time.Duration(100+elapsed.Add(2)) * day) }
	pruner := openDirectory(t, path, cache.Options{Now: now})
	var holders, lockers atomic.Int32
	lockers.Store(3)
	for range lockers.Load() {
		storage := openDirectory(t, path, cache.Options{})
		go func() {
			defer lockers.Add(-1)
			for range 5000 {
				claimed, err := cache.New(storage).Claim(t.Context(), key)
				if err != nil || holders.Add(1) != 1 {
					t.Errorf("the claim has another holder (error %v)", err)
					return
				}
				runtime.Gosched() // lets the others run
				holders.Add(-1)
				if err := claimed.End(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for lockers.Load() > 0 {
		must(t, pruner.Prune(t.Context()))
	}
}
