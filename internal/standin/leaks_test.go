package standin_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Searches for leaks only prove something if they find a leak that exists.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	const secret = `s3cr+t/<"ü%`
	for name, contents := range map[string]string{
		"plain":             "before " + secret + " after",
		"query":             "?code=" + url.QueryEscape(secret),
		"path":              "/" + url.PathEscape(secret),
		"json":              `{"token":"s3cr+t/\u003c\"ü%"}`,
		"json without HTML": `{"token":"s3cr+t/<\"ü%"}`,
		"base64":            base64.StdEncoding.EncodeToString([]byte(secret)),
		"basic header":      base64.StdEncoding.EncodeToString([]byte("id:" + secret)),
		"header":            base64.RawURLEncoding.EncodeToString([]byte("Bearer " + secret + "\n")),
		"another":           base64.URLEncoding.EncodeToString([]byte("Bearer: " + secret + "\n")),
	} {
		if found := standin.Leaks([]byte(contents), []string{"another secret", secret}); len(found) == 0 {
			t.Errorf("%s: found no secret", name)
		}
		if found := standin.Leaks([]byte(contents), []string{"another secret", ""}); len(found) > 0 {
			t.Errorf("%s: found %q although it contains another secret", name, found)
		}
	}
}

// The search must look inside plan files, which are zip archives.
func TestLeaksAreFoundInArchives(t *testing.T) {
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
	directory := t.TempDir()
	for name, contents := range map[string][]byte{"plain": []byte(secret), "plan": plan.Bytes()} {
		if err := os.WriteFile(filepath.Join(directory, name), contents, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for searched, want := range map[string]int{secret: 2, "a third one": 0} {
		if found, err := standin.LeaksBelow(directory, []string{"another secret", searched}); err != nil || len(found) != want {
			t.Errorf("found %q (error %v), want %d", found, err, want)
		}
	}
}
