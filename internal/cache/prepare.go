package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// prepare makes sure that the directory exists and is private. It checks each time, because the directory may change
// while the process runs, and checking is cheap.
func (d *Directory) prepare() error {
	err := d.check()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.makeDirectory(d.path); err != nil {
		return d.unusable(err, "the directory cannot be created",
			"set token_cache to a directory that you are allowed to create")
	}
	return d.check()
}

// check returns an error if the directory cannot be used. The error wraps [fs.ErrNotExist] if it is missing.
func (d *Directory) check() error {
	if d.pathError != nil {
		return d.pathError
	}
	const another = "set token_cache to a directory that does not exist yet"
	info, err := os.Lstat(d.path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		// A link is fine if its target is private and nobody else can change it.
		if owner, ours := checkOwner(info); !ours && owner != "uid 0" {
			return d.unusable(nil, "it is a link that belongs to another user ("+owner+")", another)
		}
		info, err = os.Stat(d.path)
	}
	if err != nil {
		return d.unusable(err, "the directory cannot be examined", another)
	}
	if !info.IsDir() {
		return d.unusable(nil, "it is not a directory", another)
	}
	if owner, ours := checkOwner(info); !ours {
		return d.unusable(nil, "the directory belongs to another user ("+owner+")", another)
	}
	if others := accessOfOthers(info); others != 0 {
		return d.unusable(nil, fmt.Sprintf("other users have access to the directory (mode %04o)", info.Mode().Perm()),
			"run chmod 700 "+d.path+", or "+another)
	}
	return nil
}

// makeDirectory creates a directory and its parents for this user only, durably and regardless of the umask. It is not
// an error if another process was faster.
func (d *Directory) makeDirectory(path string) error {
	err := os.Mkdir(path, 0o700)
	if parent := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && parent != path {
		if err := d.makeDirectory(parent); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return err
	}
	return d.syncDirectory(filepath.Dir(path))
}

func (d *Directory) unusable(err error, problem, remedy string) error {
	return &LocationError{Location: d.path, Problem: problem, Remedy: remedy, Err: err}
}
