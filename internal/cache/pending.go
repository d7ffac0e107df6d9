package cache

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"
)

// What is being written has a known name, unlike with libraries for atomic writing, which make one up: a write
// that was cut off can then be completed by the next process that claims the entry.
const (
	pendingSuffix = ".new"
	// intentSuffix is for intents, which are not completed: nothing was sent before they were in their place.
	intentSuffix = ".intent"
)

// replace creates or replaces the file at path with what is first written to pending, completely or not at all. With
// durable it survives a power cut.
func (d *Directory) replace(path, pending string, contents []byte, durable bool) error {
	if err := d.writePending(pending, contents, durable); err != nil {
		return errors.Join(err, removeIfThere(pending))
	}
	if !durable {
		return rename(pending, path)
	}
	return d.settle(pending, path)
}

// writePending writes a file in place of what is there, whose room on the disk it takes over. With durable it
// survives a power cut under its name, as soon as the directory is synced.
func (d *Directory) writePending(path string, contents []byte, durable bool) (err error) {
	if err := clearWay(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	err = errors.Join(err, file.Truncate(int64(len(contents))), file.Chmod(0o600)) // whatever the umask
	if err == nil && durable {
		err = d.sync(file)
	}
	if err = errors.Join(err, file.Close()); err == nil {
		_ = d.stamp(path) // otherwise it has the time of the file system
	}
	return err
}

// clearWay removes what cannot be written into, such as a link.
func clearWay(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o200 != 0 {
		return nil
	}
	return errors.Join(err, os.Remove(path))
}

// stamp makes a file look as if it was used now, by this storage's clock.
func (d *Directory) stamp(path string) error {
	now := d.now()
	return os.Chtimes(path, now, now)
}

// settle puts a whole and synced file in its place, durably.
func (d *Directory) settle(pending, path string) error {
	if err := rename(pending, path); err != nil {
		return err
	}
	return d.syncDirectory(d.path) // without this the old file may be back after a power cut
}

// rename tries again on Windows, which replaces no file that somebody reads at the moment.
func rename(from, to string) error {
	err := os.Rename(from, to)
	for tries := 0; err != nil && runtime.GOOS == "windows" && tries < 50; tries++ {
		<-time.After(lockPoll)
		err = os.Rename(from, to)
	}
	return err
}

// completeWrite puts a file in its place that was whole when its writer was killed. One that is not is left for
// the next write: nobody has been handed what it holds. The caller holds the entry's lock.
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
	if err != nil || !isWhole(contents) {
		return err
	}
	if _, err := d.place(entryName(key)); err != nil {
		return err
	}
	if err := d.syncFile(pending); err != nil {
		return err
	}
	return d.settle(pending, path)
}

func (d *Directory) syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs what can be written to
	if err != nil {
		return err
	}
	return errors.Join(d.sync(file), file.Close())
}

// syncDirectory makes the names in a directory survive a power cut, where that is possible.
func (d *Directory) syncDirectory(path string) (err error) {
	if runtime.GOOS == "windows" { // has no such thing
		return nil
	}
	directory, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a directory that may be written and not read cannot be synced
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	err = d.sync(directory)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // some network file systems do not know it for directories
	}
	return err
}
