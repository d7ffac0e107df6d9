package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// prepare makes sure that there is a directory and that it is private. It remembers nothing, because the
// directory may come, go and change while the process lives, and looking is cheap.
func (d *Directory) prepare() error {
	err := d.check()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.makeDirectory(d.path); err != nil {
		return d.unfit(err, "the directory cannot be created",
			"let token_cache name one in a place where you may create it")
	}
	return d.check()
}

// check returns an error if the directory is missing (then it wraps [fs.ErrNotExist]) or unfit.
func (d *Directory) check() error {
	if d.pathError != nil {
		return d.pathError
	}
	const another = "let token_cache name a directory that does not exist yet"
	info, err := os.Lstat(d.path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		// A link will do, if what it leads to is private and nobody else can make it lead elsewhere.
		if owner, ours := checkOwner(info); !ours && owner != "uid 0" {
			return d.unfit(nil, "it is a link of another user ("+owner+")", another)
		}
		info, err = os.Stat(d.path)
	}
	if err != nil {
		return d.unfit(err, "the directory cannot be examined", another)
	}
	if !info.IsDir() {
		return d.unfit(nil, "it is not a directory", another)
	}
	if owner, ours := checkOwner(info); !ours {
		return d.unfit(nil, "the directory belongs to another user ("+owner+")", another)
	}
	if others := accessOfOthers(info); others != 0 {
		return d.unfit(nil, fmt.Sprintf("other users have access to the directory (mode %04o)", info.Mode().Perm()),
			"run chmod 700 "+d.path+", or "+another)
	}
	return nil
}

// makeDirectory creates a directory and its parents for this user only, whatever the umask, and durably.
// That another process was faster is no error.
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

func (d *Directory) unfit(err error, problem, remedy string) error {
	return &LocationError{Location: d.path, Problem: problem, Remedy: remedy, Err: err}
}
