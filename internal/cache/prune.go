package cache

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Prune implements [Storage]. It removes files that two prunings in a row, at least a day apart, found unused for 60
// days, so that a clock that is ahead during one run removes nothing. It holds the lock of an entry while it removes
// its files, and skips entries whose lock is held. It does not create the directory.
func (d *Directory) Prune(ctx context.Context) error {
	err := d.check()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, due, err := d.lastPruning()
	if err != nil || !due {
		return err
	}
	unused, names, err := d.unusedFiles()
	if err != nil {
		return err
	}
	// The result is stored first, so that a pruning that fails is not repeated at once.
	if err := d.notePruning(unused); err != nil {
		return err
	}
	for key, names := range names {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		err = errors.Join(err, d.pruneEntry(key, names, before))
	}
	return err
}

const (
	// unusedAfter is how long an entry is kept that is neither read nor written. It is twice the lifetime of a refresh
	// token, the longest-lived part of an entry.
	unusedAfter = 60 * 24 * time.Hour
	// implausibleAfter is the age above which the clock must have been wrong when the file was written. The file is
	// then marked as used.
	implausibleAfter = 5 * 365 * 24 * time.Hour
	// pruneEvery is the time between prunings.
	pruneEvery = 24 * time.Hour
	// pruneMarker is the name of the file that records the last pruning: its time is when pruning began, its contents
	// are what pruning found unused.
	pruneMarker = "pruned"
)

// lastPruning returns what the last pruning found unused, and reports whether the next one is due.
func (d *Directory) lastPruning() (unused unusedFiles, due bool, err error) {
	marker := filepath.Join(d.path, pruneMarker)
	info, err := os.Stat(marker)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("examining when the cache was pruned: %w", err)
	}
	switch age := d.now().Sub(info.ModTime()); {
	case age < 0:
		return nil, true, nil // one of the two clocks is wrong, so the last findings don't count
	case age < pruneEvery:
		return nil, false, nil
	}
	contents, err := os.ReadFile(marker)
	if err != nil {
		return nil, false, fmt.Errorf("examining when the cache was pruned: %w", err)
	}
	if err := json.Unmarshal(contents, &unused); err != nil {
		return nil, true, nil //nolint:nilerr // incomplete or in the first format, so there are no findings
	}
	return unused, true, nil
}

// unusedFiles are files that have not been used for [unusedAfter], with the times of their last use.
type unusedFiles map[string]time.Time

func (d *Directory) notePruning(unused unusedFiles) error {
	contents, err := json.Marshal(unused)
	if err == nil {
		err = d.writePending(filepath.Join(d.path, pruneMarker), contents, false)
	}
	if err != nil {
		return fmt.Errorf("marking the cache as pruned: %w", err)
	}
	return nil
}

// unusedFiles returns the unused files, and the names of all files of the entries that have unused files.
func (d *Directory) unusedFiles() (unusedFiles, map[Key][]string, error) {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for unused cache entries: %w", err)
	}
	unused, names, affected := unusedFiles{}, map[Key][]string{}, map[Key]bool{}
	for _, file := range files {
		key, own := ownerOf(file.Name())
		if !own {
			continue
		}
		names[key] = append(names[key], file.Name())
	}
	for key, names := range names {
		for _, name := range names {
			if isLock := strings.HasSuffix(name, lockSuffix); isLock && len(names) > 1 {
				continue // it is removed with the others
			}
			if at, old := d.isUnused(name); old {
				unused[name] = at
				affected[key] = true
			}
		}
	}
	maps.DeleteFunc(names, func(key Key, _ []string) bool { return !affected[key] })
	return unused, names, nil
}

// ownerOf returns the key of the entry that a file belongs to, and reports whether the file is one of ours.
func ownerOf(name string) (key Key, own bool) {
	match := ownFile().FindStringSubmatch(name)
	if match == nil {
		return Key{}, false
	}
	_, err := hex.Decode(key[:], []byte(match[1]))
	return key, err == nil
}

// ownFile matches the files that this format and the first one put into the directory, except for the marker. Other
// files are left alone. It is compiled on first use, to keep the start of a process fast.
var ownFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9a-f]{64})(?:\.lock|\.v2(?:\.new|\.intent)?|(?:\.probe|-[0-9a-f]{16}\.v1)(?:\.new)?)$`)
})

// isUnused reports whether a file is unused. It returns false if name is not a regular file, is gone, or has a time in
// the future.
func (d *Directory) isUnused(name string) (at time.Time, unused bool) {
	info, err := os.Lstat(filepath.Join(d.path, name))
	if err != nil || !info.Mode().IsRegular() {
		return time.Time{}, false
	}
	age := d.now().Sub(info.ModTime())
	if age > implausibleAfter {
		_ = d.stamp(filepath.Join(d.path, name)) // otherwise it is examined every time
		return time.Time{}, false
	}
	return info.ModTime(), age > unusedAfter
}

// pruneEntry takes the lock of an entry, removes the files that were unused before and still are, and removes the lock
// file if nothing else is left. A process that waits for the lock notices that its file is gone, see tryLockFile.
func (d *Directory) pruneEntry(key Key, names []string, before unusedFiles) (err error) {
	lock := filepath.Base(d.lockPath(key))
	var unneeded []string
	kept := false
	for _, name := range names {
		at, unused := d.isUnused(name)
		switch {
		case unused && before[name].Equal(at):
			unneeded = append(unneeded, name)
		case name != lock:
			kept = true
		}
	}
	if len(unneeded) == 0 {
		return nil
	}
	file, err := d.tryLockFile(key)
	if err != nil || file == nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Unlock()) }()
	for _, name := range unneeded {
		if at, unused := d.isUnused(name); name != lock && unused && before[name].Equal(at) {
			err = errors.Join(err, d.remove(name))
		}
	}
	if kept || err != nil {
		return err
	}
	if err := os.Remove(d.lockPath(key)); err != nil && runtime.GOOS != "windows" { // Windows keeps open files
		return fmt.Errorf("removing the lock file of a cache entry: %w", err)
	}
	return nil
}
