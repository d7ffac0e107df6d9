package stories

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// checkLeaks searches all that the story has left behind. What the commands have said is kept in
// files, by tf.
func checkLeaks(ts *testscript.TestScript, w *world, args []string) {
	var intended []string
	for _, arg := range args {
		intended = append(intended, ts.MkAbs(arg))
	}
	// A wrong client secret is a secret too: it may be the right one of something else.
	secrets := append(w.standin.Secrets(), ts.Getenv("GOTO_CLIENT_SECRET"))
	for _, dir := range []string{ts.Getenv("WORK"), w.tmp} {
		found, err := findLeaks(dir, secrets, intended)
		ts.Check(err)
		for _, leak := range found {
			ts.Logf("leak: %s", leak)
		}
		if len(found) > 0 {
			ts.Fatalf("%d secrets have leaked", len(found))
		}
	}
}

// findLeaks says which files below dir hold which of the secrets in which form, archives included.
func findLeaks(dir string, secrets, except []string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || slices.Contains(except, path) {
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
		for number, secret := range secrets {
			for _, form := range forms(secret) {
				for _, text := range texts {
					if bytes.Contains(text, []byte(form.text)) {
						found = append(found, fmt.Sprintf("%s holds secret %d (%.6s…), %s", path, number+1, secret, form.name))
					}
				}
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

type form struct{ name, text string }

// forms returns the forms in which secret could stand in a file.
func forms(secret string) []form {
	quoted, _ := json.Marshal(secret) // a string always encodes
	result := []form{
		{"as it is", secret},
		{"URL-encoded", url.QueryEscape(secret)},
		{"URL-encoded", url.PathEscape(secret)},
		{"in JSON", strings.Trim(string(quoted), `"`)},
	}
	for shift := range 3 {
		result = append(result,
			form{"in base64", base64Within(base64.RawStdEncoding, secret, shift)},
			form{"in base64", base64Within(base64.RawURLEncoding, secret, shift)})
	}
	return result
}

// base64Within is what base64 of a longer text has of secret when secret begins shift bytes after a
// group of three: all characters but those that depend on its neighbours.
func base64Within(encoding *base64.Encoding, secret string, shift int) string {
	text := strings.Repeat("\x00", shift) + secret
	encoded := encoding.EncodeToString([]byte(text))
	if len(text)%3 != 0 {
		encoded = encoded[:len(encoded)-1]
	}
	return encoded[(shift*8+5)/6:]
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
		"plain":        "before " + secret + " after",
		"query":        "?code=" + url.QueryEscape(secret),
		"path":         "/" + url.PathEscape(secret),
		"json":         `{"token":"s3cr+t/\"ü%"}`,
		"base64":       base64.StdEncoding.EncodeToString([]byte(secret)),
		"basic header": base64.StdEncoding.EncodeToString([]byte("id:" + secret)),
		"header":       base64.RawURLEncoding.EncodeToString([]byte("Bearer " + secret + "\n")),
		"another":      base64.URLEncoding.EncodeToString([]byte("Bearer: " + secret + "\n")),
		"plan":         plan.String(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
				t.Fatal(err)
			}
			found, err := findLeaks(dir, []string{"another secret", secret}, nil)
			if err != nil || len(found) == 0 {
				t.Errorf("found %v (error %v), want a leak", found, err)
			}
			found, err = findLeaks(dir, []string{"another secret"}, nil)
			if err != nil || len(found) > 0 {
				t.Errorf("found %v (error %v), want none: another secret is searched", found, err)
			}
			found, err = findLeaks(dir, []string{secret}, []string{path})
			if err != nil || len(found) > 0 {
				t.Errorf("found %v (error %v), want none: the file is excepted", found, err)
			}
		})
	}
}
