package cache

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// pendingSuffix ends the name of what is being written. The name is known, unlike those that libraries for atomic
// writing make up, so that a write that was cut off can be completed by whoever reads next.
const pendingSuffix = ".new"

// writeFile creates or replaces a file, completely or not at all, and durably.
func (d *Directory) writeFile(path string, contents []byte) error {
	pending := path + pendingSuffix
	if err := writeNew(pending, contents); err != nil {
		return err
	}
	return d.settle(pending, path)
}

// writeNew writes a file that does not exist yet, and leaves none behind if it fails. Its contents survive the
// process, but no power cut.
func writeNew(path string, contents []byte) (err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	if err = errors.Join(err, file.Chmod(0o600), file.Close()); err != nil { // whatever the umask
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// settle puts a whole file in its place, durably.
func (d *Directory) settle(pending, path string) error {
	file, err := os.OpenFile(pending, os.O_RDWR, 0) // Windows syncs what can be written to
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(pending, path); err != nil {
		return err
	}
	return syncDirectory(d.path) // without this the old file may be back after a power cut
}

// completeWrite puts a file in its place that was whole when its writer was killed. One that is not is left for
// the next write: nobody has been handed what it holds.
func (d *Directory) completeWrite(path string, whole func(sealed []byte) bool) error {
	pending := path + pendingSuffix
	info, err := os.Lstat(pending)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	sealed, err := readFile(pending)
	if err != nil || !whole(sealed) {
		return err
	}
	if err := refuseObstacle(path); err != nil {
		return err
	}
	return d.settle(pending, path)
}

func syncDirectory(path string) (err error) {
	if runtime.GOOS == "windows" { // has no such thing
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // some network file systems do not know it for directories
	}
	return err
}
