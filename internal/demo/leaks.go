package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// place is something that must hold no secret: a file, or what a program printed.
type place struct {
	name     string
	contents []byte
}

// filesIn returns the files in directories, but what links lead to.
func filesIn(directories ...string) (places []place, err error) {
	for _, directory := range directories {
		err = filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			contents, err := os.ReadFile(path)
			places = append(places, place{path, contents})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// holding returns the names of the places that hold text in some form.
func holding(places []place, text string) (names []string) {
	for _, place := range places {
		for _, form := range forms(text) {
			if bytes.Contains(place.contents, form) {
				names = append(names, place.name)
				break
			}
		}
	}
	return names
}

// forms returns text as it is, URL-encoded, and as it looks inside something base64-encoded, which
// depends on how many bytes come before it.
func forms(text string) [][]byte {
	forms := [][]byte{[]byte(text), []byte(url.QueryEscape(text)), []byte(url.PathEscape(text))}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := encoding.AppendEncode(nil, append(make([]byte, before), text...))
			// The characters at both ends hold bits of the neighbours.
			first := (before*8 + 5) / 6
			last := (before + len(text)) * 8 / 6
			forms = append(forms, encoded[first:last])
		}
	}
	return forms
}
