package cache

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"
)

// Files are written under a fixed temporary name, so that the next process that claims the entry can complete an
// interrupted write. Libraries for atomic writes use random names.
const (
	pendingSuffix = ".new"
	// intentSuffix is for intents. Interrupted writes of intents are not completed, because nothing is sent before an
	// intent is in place.
	intentSuffix = ".intent"
)

// replace creates or replaces the file at path, completely or not at all, by writing to pending first. If durable is
// set, the file survives a power cut.
func (d *Directory) replace(path, pending string, contents []byte, durable bool) error {
	if err := d.writePending(pending, contents, durable); err != nil {
		return errors.Join(err, removeIfThere(pending))
	}
	if !durable {
		return rename(pending, path)
	}
	return d.moveIntoPlace(pending, path)
}

// writePending writes a file. It overwrites an existing one, to use the disk space reserved by it. If durable is set,
// the file survives a power cut as soon as the directory is synced.
func (d *Directory) writePending(path string, contents []byte, durable bool) (err error) {
	if err := removeObstacle(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	err = errors.Join(err, file.Truncate(int64(len(contents))), file.Chmod(0o600)) // regardless of the umask
	if err == nil && durable {
		err = d.sync(file)
	}
	if err = errors.Join(err, file.Close()); err == nil {
		_ = d.stamp(path) // otherwise the file has the time of the file system's clock
	}
	return err
}

// removeObstacle removes anything at path that is not a writable regular file, such as a link.
func removeObstacle(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o200 != 0 {
		return nil
	}
	return errors.Join(err, os.Remove(path))
}

// stamp marks a file as used now, by the clock of d.
func (d *Directory) stamp(path string) error {
	now := d.now()
	return os.Chtimes(path, now, now)
}

// moveIntoPlace moves a complete and synced file into place, durably.
func (d *Directory) moveIntoPlace(pending, path string) error {
	if err := rename(pending, path); err != nil {
		return err
	}
	return d.syncDirectory(d.path) // otherwise a power cut may bring the old file back
}

// rename retries on Windows, which does not replace a file while someone reads it.
func rename(from, to string) error {
	err := os.Rename(from, to)
	for tries := 0; err != nil && runtime.GOOS == "windows" && tries < 50; tries++ {
		<-time.After(5 * time.Millisecond)
		err = os.Rename(from, to)
	}
	return err
}

// completeWrite moves a file into place that was complete when its writer was killed. An incomplete file is left for
// the next write, because its contents were never used. The caller holds the entry's lock.
func (d *Directory) completeWrite(key Key) error {
	path := d.Locate(entryName(key))
	pending := path + pendingSuffix
	info, err := os.Lstat(pending)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	contents, err := readFile(pending)
	if err != nil || !isComplete(contents) {
		return err
	}
	if _, err := d.writablePath(entryName(key)); err != nil {
		return err
	}
	if err := d.syncFile(pending); err != nil {
		return err
	}
	return d.moveIntoPlace(pending, path)
}

func (d *Directory) syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs only files that are open for writing
	if err != nil {
		return err
	}
	return errors.Join(d.sync(file), file.Close())
}

// syncDirectory makes the names in a directory survive a power cut, if that is possible.
func (d *Directory) syncDirectory(path string) (err error) {
	if runtime.GOOS == "windows" { // Windows cannot sync directories
		return nil
	}
	directory, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a directory that is writable but not readable cannot be synced
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	err = d.sync(directory)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // some network file systems cannot sync directories
	}
	return err
}
