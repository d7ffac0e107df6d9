package stories

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// leaks says which secrets stand in what a story has left behind so far: its files, what the commands
// have said, which tf keeps in files, their logs, and the token cache.
func (w *world) leaks(work string) ([]string, error) {
	secrets := w.standin.Secrets()
	given, err := os.ReadFile(w.secrets)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	secrets = append(secrets, strings.Split(string(given), "\x00")...)
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	var found []string
	for _, dir := range []string{work, w.tmp} {
		more, err := findLeaks(dir, secrets)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	if w.bucket == nil {
		return found, nil
	}
	more, err := w.bucketLeaks(secrets)
	return append(found, more...), err
}

// keepSecrets adds the secrets in the environment of tf to those that its story has used. A wrong one is a
// secret too: it may be the right one of something else.
func keepSecrets() error {
	kept, err := os.OpenFile(os.Getenv("GIVEN"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, name := range []string{
		"GOTO_CLIENT_SECRET", "GOTO_REFRESH_TOKEN", "GOTO_PERSONAL_ACCESS_TOKEN",
		"TF_VAR_client_secret", "TF_VAR_code", "TF_VAR_refresh_token", "TF_VAR_personal_access_token",
	} {
		_, writeErr := kept.WriteString(os.Getenv(name) + "\x00")
		err = errors.Join(err, writeErr)
	}
	return errors.Join(err, kept.Close())
}

// findLeaks says which files below dir hold which of the secrets in which form, archives included.
func findLeaks(dir string, secrets []string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		contents, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		texts, err := unpacked(contents)
		if err != nil {
			return fmt.Errorf("reading the archive %s: %w", path, err)
		}
		for _, text := range texts {
			for _, leak := range standin.Leaks(text, secrets) {
				found = append(found, path+" holds "+leak)
			}
		}
		return nil
	})
	return found, err
}

// unpacked returns contents and, of a zip archive such as a plan file, the files in it.
func unpacked(contents []byte) ([][]byte, error) {
	texts := [][]byte{contents}
	if !bytes.HasPrefix(contents, []byte("PK\x03\x04")) {
		return texts, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(contents), int64(len(contents)))
	if err != nil {
		return nil, err
	}
	for _, member := range archive.File {
		reader, err := member.Open()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// A check for leaks that finds none says something only if it would find one.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	const secret = `s3cr+t/"ü%`
	var plan bytes.Buffer
	archive := zip.NewWriter(&plan)
	member, err := archive.Create("tfplan")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = member.Write([]byte("before " + secret + " after"))
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	for name, contents := range map[string]string{
		"plain": "before " + secret + " after",
		"plan":  plan.String(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "file"), []byte(contents), 0o600); err != nil {
				t.Fatal(err)
			}
			found, err := findLeaks(dir, []string{"another secret", secret})
			if err != nil || len(found) == 0 {
				t.Errorf("found %v (error %v), want a leak", found, err)
			}
			found, err = findLeaks(dir, []string{"another secret"})
			if err != nil || len(found) > 0 {
				t.Errorf("found %v (error %v), want none: another secret is searched", found, err)
			}
		})
	}
}
