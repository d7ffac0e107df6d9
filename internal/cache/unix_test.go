//go:build unix

package cache_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// nobody is a user without files, and somebody is a different user.
const nobody, somebody = 65534, 12345

const userVariable, umaskVariable = "CACHE_TEST_USER", "CACHE_TEST_UMASK"

func init() {
	roles["write to a full disk"] = writeToAFullDisk
	obstacles["link to an entry"] = func(path, entry string) error { return os.Symlink(entry, path) }
	obstacles["link to nothing"] = func(path, entry string) error { return os.Symlink(entry+".none", path) }
	obstacles["pipe"] = func(path, _ string) error { return syscall.Mkfifo(path, 0o600) }

	add := func(name, part string, put func(path string) error) {
		row := unusable["file in place"]
		row.put, row.part = put, part
		unusable[name] = row
	}
	for _, mode := range []os.FileMode{0o755, 0o750, 0o701, 0o710, 0o702, 0o777} {
		add("open to others, "+mode.String(), fmt.Sprintf("(mode %04o); run chmod 700 ", mode), func(path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode))
		})
	}
	add("of another user", "belongs to another user (uid 12345)", func(path string) error {
		return errors.Join(os.Mkdir(path, 0o700), os.Chown(path, somebody, somebody))
	})
	add("link of another user", "link that belongs to another user (uid 12345)", func(path string) error {
		return errors.Join(link(path), os.Lchown(path, somebody, somebody))
	})
	add("link to nothing", "cannot be examined", func(path string) error { return os.Symlink(path+".none", path) })
	add("link to what is open to others", "other", func(path string) error { return os.Symlink("/", path) })
}

// link creates a symbolic link to a new directory.
func link(path string) error {
	return errors.Join(os.Mkdir(path+".private", 0o700), os.Symlink(path+".private", path))
}

func TestOnlyOwnerHasAccess(t *testing.T) {
	t.Parallel()

	for _, umask := range []string{"0", "022", "0777"} {
		parent := filepath.Join(t.TempDir(), "parent")
		path := filepath.Join(parent, "cache")
		holder(t, path, umaskVariable+"="+umask)
		written := append(files(t, path, "*"), path, parent)
		if len(written) != 6 { // two directories, a lock, an entry, its reserved space, and the marker of pruning
			t.Errorf("got files %q, want 6", written)
		}
		for _, file := range written {
			info, err := os.Stat(file)
			must(t, err)
			want := os.FileMode(0o600)
			if info.IsDir() {
				want = 0o700
			}
			if mode := info.Mode().Perm(); mode != want && (filepath.Ext(file) != ".lock" || mode&^want != 0) {
				t.Errorf("%s has mode %s, want %s", file, mode, want)
			}
		}
	}
}

// asUser runs the test again as an ordinary user if this process is root, and reports whether it did. In that run,
// TMPDIR contains a link that root owns, to a directory that the user owns.
func asUser(t *testing.T) (done bool) {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	directory := t.TempDir()
	ours := filepath.Join(directory, "link")
	must(t, errors.Join(link(ours), os.Chown(ours+".private", nobody, nobody),
		os.Chown(directory, nobody, nobody), os.Chmod(filepath.Dir(directory), 0o711)))
	command := process(t, t.Name(), "", "")
	command.Env = append(command.Env, userVariable+"="+strconv.Itoa(nobody), "TMPDIR="+directory)
	run(t, command)
	return true
}

func init() {
	if umask, err := strconv.ParseInt(os.Getenv(umaskVariable), 8, 0); err == nil {
		syscall.Umask(int(umask))
	}
	if user, err := strconv.Atoi(os.Getenv(userVariable)); err == nil {
		errUser = errors.Join(syscall.Setgroups(nil), syscall.Setgid(user), syscall.Setuid(user))
	}
}

// errUser is the error from giving up root's privileges.
var errUser error

func TestMissingPermissions(t *testing.T) {
	t.Parallel()

	if errUser != nil {
		t.Skip(errUser)
	}
	if asUser(t) {
		return
	}
	directory, path := newDirectory(t, cache.Options{})
	file := directory.Locate(entryOf(key))
	chmod := func(path string, mode os.FileMode) {
		t.Helper()
		must(t, os.Chmod(path, mode))
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	}
	root := filepath.Join(os.TempDir(), "link")
	if _, err := os.Lstat(root); err == nil {
		write(t, openDirectory(t, root, cache.Options{}), key, sealer, "by a link of root's")
	}
	for _, mode := range []os.FileMode{0o400, 0o666} { // readable files are read and replaced, regardless of mode
		must(t, errors.Join(os.WriteFile(file+".new", nil, 0o600), os.Chmod(file+".new", mode)))
		write(t, directory, key, sealer, mode.String())
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("after writing, the file is %v (error %v)", info, err)
		}
		must(t, os.Chmod(file, mode))
		want(t, directory, key, sealer, mode.String())
	}

	parent := t.TempDir()
	chmod(parent, 0o300) // not readable
	for _, plaintext := range []string{"first", "second"} {
		directory := openDirectory(t, filepath.Join(parent, "some", "cache"), cache.Options{})
		write(t, directory, key, sealer, plaintext)
		want(t, directory, key, sealer, plaintext)
	}
	chmod(path, 0o300) // not readable either
	write(t, directory, key, sealer, "x")

	claimed := claim(t, directory, key)
	chmod(path, 0o500) // not writable
	wantLocationError(t, writeAs(t.Context(), "intent", claimed, sealer, "y"), path, "; make the directory", "writable", "token_cache")
	wantParts(t, writeAs(t.Context(), "retained", claimed, sealer, "y"), path)
	_, err := cache.New(directory).Claim(t.Context(), otherKey)
	wantLocationError(t, err, path, "writable", "token_cache")
	_, err = cache.New(cache.NewDirectory(filepath.Join(path, "cache"), cache.Options{})).Claim(t.Context(), key)
	wantLocationError(t, err, path, "cannot be created", "token_cache")
	want(t, directory, key, sealer, "x")

	chmod(path, 0o700)
	chmod(file, 0) // an unreadable file must not be replaced: it may hold entries under other client secrets
	_, err = cache.New(directory).Read(t.Context(), key, sealer)
	for _, way := range ways {
		for _, err := range []error{err, writeAs(t.Context(), way, claimed, sealer, "y")} {
			wantLocationError(t, err, path, "cannot be read", "token_cache")
		}
	}
}

func TestFullDiskKeepsOldEntry(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.Options{})
	write(t, directory, key, sealer, "old")
	run(t, process(t, "TestRole", "write to a full disk", path))
	want(t, directory, key, sealer, "old")
}

// writeToAFullDisk simulates a full disk with a limit on file sizes.
func writeToAFullDisk(t *testing.T, directory string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4 << 10, Max: 4 << 10}))
	wantWritesToFail(t, openDirectory(t, directory, cache.Options{}), ways, 8<<10, syscall.EFBIG)
}

// wantWritesToFail checks that each of ways fails to write with cause and leaves everything unchanged.
func wantWritesToFail(t *testing.T, directory *cache.Directory, ways []string, size int, cause error) {
	t.Helper()
	claimed := claim(t, directory, key)
	before, err := cache.New(directory).Read(t.Context(), key, sealer)
	must(t, err)
	for _, way := range ways {
		err := writeAs(t.Context(), way, claimed, sealer, strings.Repeat("x", size))
		_, unusable := errors.AsType[*cache.LocationError](err)
		left := files(t, directory.Locate(""), "*.v2.*")
		if !errors.Is(err, cause) || unusable != (way == "intent") || left != nil {
			t.Errorf("%s: got %v, want %v; it left %q", way, err, cause, left)
		}
		want(t, directory, key, sealer, string(before))
	}
	must(t, claimed.End())
}
