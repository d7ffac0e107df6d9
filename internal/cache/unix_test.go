//go:build unix

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

func init() {
	roles["write with umask"] = writeWithUmask
	roles["write to a full disk"] = writeToAFullDisk
}

func TestOnlyTheOwnerHasAccessWhateverTheUmask(t *testing.T) {
	t.Parallel()

	for _, umask := range []string{"0", "022", "0777"} {
		t.Run(umask, func(t *testing.T) {
			t.Parallel()
			parent := filepath.Join(t.TempDir(), "parent")
			path := filepath.Join(parent, "cache")
			command := process(t, "write with umask", path)
			command.Env = append(command.Env, "CACHE_TEST_UMASK="+umask)
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			wantMode(t, parent, 0o700)
			wantMode(t, path, 0o700)
			written := files(t, path, "*")
			if len(written) != 3 { // the entry, its lock, and the mark of pruning
				t.Errorf("written: %q", written)
			}
			for _, file := range written {
				if strings.HasSuffix(file, ".v1") {
					wantMode(t, file, 0o600)
				}
				info, err := os.Stat(file)
				must(t, err)
				if info.Mode().Perm()&0o177 != 0 {
					t.Errorf("%s has mode %s", file, info.Mode())
				}
			}
		})
	}
}

func writeWithUmask(directory string) error {
	var umask int
	if _, err := fmt.Sscanf(os.Getenv("CACHE_TEST_UMASK"), "%o", &umask); err != nil {
		return err
	}
	syscall.Umask(umask)
	storage, err := cache.OpenDirectory(directory, cache.DirectoryOptions{})
	if err != nil {
		return err
	}
	if _, err := storage.Lock(context.Background(), key); err != nil {
		return err
	}
	return errors.Join(
		cache.New(storage).Write(context.Background(), key, sealer, []byte("x")),
		storage.Prune(context.Background()))
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %s, want %s", path, info.Mode(), want)
	}
}

func TestDirectoriesOpenToOthersAreRefused(t *testing.T) {
	t.Parallel()

	for _, mode := range []os.FileMode{0o755, 0o750, 0o701, 0o710, 0o702, 0o777} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "cache")
			must(t, os.Mkdir(path, 0o700))
			must(t, os.Chmod(path, mode))
			_, err := cache.OpenDirectory(path, cache.DirectoryOptions{})
			wantUnfit(t, err, "chmod 700 "+path, "token_cache", fmt.Sprintf("%04o", mode))
			wantMode(t, path, mode)
		})
	}
}

// A directory can be opened to others while it is in use.
func TestNothingIsDoneInADirectoryThatWasOpenedToOthers(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	must(t, os.Chmod(path, 0o755))
	entries := cache.New(directory)
	_, lockErr := entries.Lock(t.Context(), key)
	_, readErr := entries.Read(t.Context(), key, sealer)
	for name, err := range map[string]error{
		"Lock":          lockErr,
		"Read":          readErr,
		"Write":         entries.Write(t.Context(), key, sealer, nil),
		"ProveWritable": entries.ProveWritable(t.Context(), key),
		"Prune":         entries.Prune(t.Context()),
	} {
		t.Run(name, func(t *testing.T) { wantUnfit(t, err, "chmod 700 "+path) })
	}
	must(t, os.Chmod(path, 0o700))
	wantPlaintext(t, directory, key, sealer, "x")
}

// The directory is what keeps others out. A file that says otherwise is read, and put right when it is written.
func TestFilesOpenToOthersAreReadAndPutRight(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "old")
	file := onlyFile(t, path, "*.v1")
	for _, mode := range []os.FileMode{0o644, 0o666, 0o400} {
		must(t, os.Chmod(file, mode))
		wantPlaintext(t, directory, key, sealer, "old")
	}
	write(t, directory, key, sealer, "new")
	info, err := os.Stat(file)
	must(t, err)
	if info.Mode().Perm()&0o077 != 0 {
		t.Errorf("after writing its mode is %s", info.Mode())
	}
	wantPlaintext(t, directory, key, sealer, "new")
}

func TestDirectoryOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "cache")
	if os.Geteuid() == 0 {
		must(t, os.Mkdir(path, 0o700))
		must(t, os.Chown(path, 12345, 12345))
	} else {
		path = "/" // which root owns
	}
	_, err := cache.OpenDirectory(path, cache.DirectoryOptions{})
	wantUnfit(t, err, path, "another user", "token_cache")
}

func TestUnwritableDirectoriesAreRefused(t *testing.T) {
	t.Parallel()

	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	path := filepath.Join(t.TempDir(), "cache")
	directory := openDirectory(t, path, cache.DirectoryOptions{})
	must(t, os.Chmod(path, 0o500))
	t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	_, err := directory.Lock(t.Context(), key)
	wantUnfit(t, err, path, "writable", "token_cache")
	wantUnfit(t, directory.ProveWritable(t.Context(), key), path, "writable", "token_cache")
	_, err = cache.OpenDirectory(filepath.Join(path, "cache"), cache.DirectoryOptions{})
	wantUnfit(t, err, path, "cannot be created", "token_cache")
}

func TestUnreadableEntriesAreRefused(t *testing.T) {
	t.Parallel()

	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	for _, entry := range files(t, path, "*.v1") {
		must(t, os.Chmod(entry, 0))
	}
	_, err := cache.New(directory).Read(t.Context(), key, sealer)
	wantUnfit(t, err, path, "cannot be read", "readable", "token_cache")
}

func TestLinkToAPrivateDirectoryWillDo(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(path, link))
	wantPlaintext(t, openDirectory(t, link, cache.DirectoryOptions{}), key, sealer, "x")
}

func TestLinkToNothingIsRefused(t *testing.T) {
	t.Parallel()

	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(link+".none", link))
	_, err := cache.OpenDirectory(link, cache.DirectoryOptions{})
	wantUnfit(t, err, link, "token_cache")
}

func TestLinksAndPipesAreNeitherFollowedNorReplaced(t *testing.T) {
	t.Parallel()

	for name, put := range map[string]func(path, entry string) error{
		"link to an entry": func(path, entry string) error { return os.Symlink(entry, path) },
		"link to nothing":  func(path, entry string) error { return os.Symlink(entry+".none", path) },
		"pipe":             func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, path := newDirectory(t, cache.DirectoryOptions{})
			write(t, directory, key, sealer, "x")
			file := onlyFile(t, path, "*.v1")
			entry := filepath.Join(t.TempDir(), "entry")
			must(t, os.Rename(file, entry)) // valid, so that following a link would show
			must(t, put(file, entry))

			wantUnreadableFile(t, directory, key, file)
			for name, err := range map[string]error{
				"ProveWritable": cache.New(directory).ProveWritable(t.Context(), key),
				"Write":         cache.New(directory).Write(t.Context(), key, sealer, []byte("y")),
			} {
				if err == nil {
					t.Fatalf("%s succeeded", name)
				}
				wantParts(t, err.Error(), file, "remove it")
			}
			must(t, os.Remove(file))
			must(t, os.Rename(entry, file))
			wantPlaintext(t, directory, key, sealer, "x")
		})
	}
}

func TestFullDiskKeepsTheOldEntry(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "old")
	if output, err := process(t, "write to a full disk", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	wantPlaintext(t, directory, key, sealer, "old")
	if left := append(files(t, path, "*.new"), files(t, path, "*.probe")...); left != nil {
		t.Errorf("left %q", left)
	}
}

// writeToAFullDisk stands for a full disk by a limit on the size of files. It fails unless all writing does.
func writeToAFullDisk(directory string) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4 << 10, Max: 4 << 10}); err != nil {
		return err
	}
	storage, err := cache.OpenDirectory(directory, cache.DirectoryOptions{})
	if err != nil {
		return err
	}
	entries := cache.New(storage)
	for name, err := range map[string]error{
		"ProveWritable": entries.ProveWritable(context.Background(), key),
		"Write":         entries.Write(context.Background(), key, sealer, make([]byte, 8<<10)),
	} {
		if !errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("%s: %w, want EFBIG", name, err)
		}
	}
	return nil
}
