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

// nobody is a user who owns nothing, and somebody is another.
const nobody, somebody = 65534, 12345

const userVariable, umaskVariable = "CACHE_TEST_USER", "CACHE_TEST_UMASK"

func init() {
	roles["write to a full disk"] = writeToAFullDisk
	obstacles["link to an entry"] = func(path, entry string) error { return os.Symlink(entry, path) }
	obstacles["link to nothing"] = func(path, entry string) error { return os.Symlink(entry+".none", path) }
	obstacles["pipe"] = func(path, _ string) error { return syscall.Mkfifo(path, 0o600) }

	add := func(name, part string, put func(path string) error) {
		row := unfit["file in place"]
		row.put, row.part = put, part
		unfit[name] = row
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

// link makes a link to a new directory.
func link(path string) error {
	return errors.Join(os.Mkdir(path+".private", 0o700), os.Symlink(path+".private", path))
}

func TestOnlyTheOwnerHasAccessWhateverTheUmask(t *testing.T) {
	t.Parallel()

	for _, umask := range []string{"0", "022", "0777"} {
		parent := filepath.Join(t.TempDir(), "parent")
		path := filepath.Join(parent, "cache")
		holder(t, path, umaskVariable+"="+umask)
		written := append(files(t, path, "*"), path, parent)
		if len(written) != 6 { // also a lock, an entry, room, and the marker of pruning
			t.Errorf("written: %q", written)
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

// asUser runs the test again without the rights of root, if this process has them, and tells whether it did. There
// TMPDIR holds a link of root's to a directory of the user's.
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

// errUser is why the rights of root could not be given up.
var errUser error

func TestRightsThatAreMissing(t *testing.T) {
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
	for _, mode := range []os.FileMode{0o400, 0o666} { // files are read and replaced, whatever their modes say
		must(t, errors.Join(os.WriteFile(file+".new", nil, 0o600), os.Chmod(file+".new", mode)))
		write(t, directory, key, sealer, mode.String())
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("after writing it is %v, %v", info, err)
		}
		must(t, os.Chmod(file, mode))
		want(t, directory, key, sealer, mode.String())
	}

	parent := t.TempDir()
	chmod(parent, 0o300) // not to be read
	for _, plaintext := range []string{"first", "second"} {
		directory := openDirectory(t, filepath.Join(parent, "some", "cache"), cache.Options{})
		write(t, directory, key, sealer, plaintext)
		want(t, directory, key, sealer, plaintext)
	}
	chmod(path, 0o300) // nor this one
	write(t, directory, key, sealer, "x")

	claimed := claim(t, directory, key)
	chmod(path, 0o500) // not to be written
	wantUnfit(t, writeAs(t.Context(), "intent", claimed, sealer, "y"), path, "; make the directory", "writable", "token_cache")
	wantParts(t, writeAs(t.Context(), "lasting", claimed, sealer, "y"), path)
	_, err := cache.New(directory).Claim(t.Context(), otherKey)
	wantUnfit(t, err, path, "writable", "token_cache")
	_, err = cache.New(cache.NewDirectory(filepath.Join(path, "cache"), cache.Options{})).Claim(t.Context(), key)
	wantUnfit(t, err, path, "cannot be created", "token_cache")
	want(t, directory, key, sealer, "x")

	chmod(path, 0o700)
	chmod(file, 0) // not to be read, and so not to be replaced, which would lose what others have in it
	_, err = cache.New(directory).Read(t.Context(), key, sealer)
	for _, way := range ways {
		for _, err := range []error{err, writeAs(t.Context(), way, claimed, sealer, "y")} {
			wantUnfit(t, err, path, "cannot be read", "token_cache")
		}
	}
}

func TestFullDiskKeepsTheOldEntry(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.Options{})
	write(t, directory, key, sealer, "old")
	run(t, process(t, "TestRole", "write to a full disk", path))
	want(t, directory, key, sealer, "old")
}

// writeToAFullDisk stands for a full disk by a limit on the size of files.
func writeToAFullDisk(t *testing.T, directory string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4 << 10, Max: 4 << 10}))
	wantWritesToFail(t, openDirectory(t, directory, cache.Options{}), ways, 8<<10, syscall.EFBIG)
}

// wantWritesToFail wants writing to fail with cause in these ways, and to leave everything as it was.
func wantWritesToFail(t *testing.T, directory *cache.Directory, ways []string, size int, cause error) {
	t.Helper()
	claimed := claim(t, directory, key)
	before, err := cache.New(directory).Read(t.Context(), key, sealer)
	must(t, err)
	for _, way := range ways {
		err := writeAs(t.Context(), way, claimed, sealer, strings.Repeat("x", size))
		_, unfit := errors.AsType[*cache.LocationError](err)
		left := files(t, directory.Locate(""), "*.v2.*")
		if !errors.Is(err, cause) || unfit != (way == "intent") || left != nil {
			t.Errorf("%s: %v, want %v; left %q", way, err, cause, left)
		}
		want(t, directory, key, sealer, string(before))
	}
	must(t, claimed.End())
}
