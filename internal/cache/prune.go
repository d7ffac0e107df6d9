package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"time"
)

const (
	// unusedAfter is when an entry that nobody reads or writes goes. It is twice the 30 days that the longest-lived
	// thing in an entry, GoTo's refresh token, is good for.
	unusedAfter = 60 * 24 * time.Hour
	// pruneEvery is how long pruning rests.
	pruneEvery = 24 * time.Hour
	// pruneMarker is the name of the file whose time says when pruning last began.
	pruneMarker = "pruned"
)

// What this format puts into the directory, besides the marker. Everything else belongs to somebody else.
// It is compiled when it is first needed, because that takes long beside the start of a process.
var ownFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9a-f]{64})(?:\.lock|(?:\.probe|-[0-9a-f]{16}\.v1)(?:\.new)?)$`)
})

// Prune implements [Storage]. It removes files of this format that are untouched for 60 days, each under the lock
// of its entry; entries whose lock is held are passed over. A directory that does not exist stays that way.
func (d *Directory) Prune(ctx context.Context) error {
	err := d.check()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	due, err := d.beginPrune()
	if err != nil || !due {
		return err
	}
	files, err := d.oldFiles()
	for key, names := range files {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		err = errors.Join(err, d.pruneEntry(key, names))
	}
	return err
}

// beginPrune tells whether pruning is due, and if so marks it as done: it is not worth repeating if it fails.
func (d *Directory) beginPrune() (due bool, err error) {
	marker, now := filepath.Join(d.path, pruneMarker), d.now()
	info, err := os.Stat(marker)
	if err == nil {
		// A marker from the future comes from a wrong clock and must not stop pruning for years.
		if age := now.Sub(info.ModTime()); 0 <= age && age < pruneEvery {
			return false, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("examining when the cache was pruned: %w", err)
	}
	file, err := os.OpenFile(marker, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false, fmt.Errorf("marking the cache as pruned: %w", err)
	}
	if err := errors.Join(file.Close(), os.Chtimes(marker, now, now)); err != nil {
		return false, fmt.Errorf("marking the cache as pruned: %w", err)
	}
	return true, nil
}

// oldFiles returns the names of the files of all entries that have an old one.
func (d *Directory) oldFiles() (map[Key][]string, error) {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("looking for old cache entries: %w", err)
	}
	names, old := map[Key][]string{}, map[Key]bool{}
	for _, file := range files {
		if key, own := ownerOf(file.Name()); own {
			names[key] = append(names[key], file.Name())
			old[key] = old[key] || d.isOld(file.Name())
		}
	}
	for key := range names {
		if !old[key] {
			delete(names, key)
		}
	}
	return names, nil
}

// ownerOf returns the key of the entry that a file belongs to, if it is one of ours.
func ownerOf(name string) (key Key, own bool) {
	match := ownFile().FindStringSubmatch(name)
	if match == nil {
		return Key{}, false
	}
	_, err := hex.Decode(key[:], []byte(match[1]))
	return key, err == nil
}

// isOld is false for what is not a regular file, is gone, or has a time in the future.
func (d *Directory) isOld(name string) bool {
	info, err := os.Lstat(filepath.Join(d.path, name))
	return err == nil && info.Mode().IsRegular() && d.now().Sub(info.ModTime()) > unusedAfter
}

// pruneEntry removes those of an entry's files that are old now that the lock is held, and the lock file when
// nothing else is left. Whoever waits for the lock meanwhile notices that its file is gone, see tryLockFile.
func (d *Directory) pruneEntry(key Key, names []string) (err error) {
	unlock, err := d.tryLock(key)
	if err != nil || unlock == nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	lock, kept := filepath.Base(d.lockPath(key)), false
	for _, name := range names {
		switch {
		case name == lock:
		case d.isOld(name):
			err = errors.Join(err, d.remove(name))
		default:
			kept = true
		}
	}
	if kept || err != nil {
		return err
	}
	if err := d.remove(lock); err != nil && runtime.GOOS != "windows" { // which keeps files that are open
		return err
	}
	return nil
}

func (d *Directory) remove(name string) error {
	err := os.Remove(filepath.Join(d.path, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing an old cache file: %w", err)
	}
	return nil
}
