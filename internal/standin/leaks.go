package standin

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
)

// LeaksBelow returns which files below dir contain which of the secrets, and in which form. It also searches archives.
func LeaksBelow(dir string, secrets []string) ([]string, error) {
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
			for _, leak := range Leaks(text, secrets) {
				found = append(found, path+" contains "+leak)
			}
		}
		return nil
	})
	return found, err
}

// unpacked returns contents and, if they are a zip archive such as a plan file, the files in it.
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

// Leaks returns which of secrets are in contents, and in which form: plain, URL-encoded, in JSON, or within something
// base64-encoded. It repeats only the beginning of a secret.
func Leaks(contents []byte, secrets []string) (found []string) {
	for number, secret := range secrets {
		if secret == "" {
			continue
		}
		var seen []string // most secrets look the same in several forms
		for _, form := range forms(secret) {
			if slices.Contains(seen, form.text) {
				continue
			}
			seen = append(seen, form.text)
			if bytes.Contains(contents, []byte(form.text)) {
				found = append(found, fmt.Sprintf("secret %d (%.6s…), %s", number+1, secret, form.name))
			}
		}
	}
	return found
}

type form struct{ name, text string }

// forms returns the forms in which secret could be in a file.
func forms(secret string) []form {
	quoted, _ := json.Marshal(secret) // a string always encodes
	unescaped := new(bytes.Buffer)
	encoder := json.NewEncoder(unescaped)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	result := []form{
		{"as it is", secret},
		{"URL-encoded", url.QueryEscape(secret)},
		{"URL-encoded", url.PathEscape(secret)},
		{"in JSON", strings.Trim(string(quoted), `"`)},
		{"in JSON", strings.Trim(strings.TrimSpace(unescaped.String()), `"`)},
	}
	for shift := range 3 {
		result = append(result,
			form{"in base64", base64Within(base64.RawStdEncoding, secret, shift)},
			form{"in base64", base64Within(base64.RawURLEncoding, secret, shift)})
	}
	return result
}

// base64Within returns the part of the base64 encoding of a longer text that depends only on secret, if secret begins
// shift bytes after the start of a group of three.
func base64Within(encoding *base64.Encoding, secret string, shift int) string {
	text := strings.Repeat("\x00", shift) + secret
	encoded := encoding.EncodeToString([]byte(text))
	if len(text)%3 != 0 {
		encoded = encoded[:len(encoded)-1]
	}
	return encoded[(shift*8+5)/6:]
}
