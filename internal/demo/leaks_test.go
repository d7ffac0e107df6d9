package main

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

func TestHolding(t *testing.T) {
	t.Parallel()
	const secret = "not+a+real/secret=="
	std, raw := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	for name, contents := range map[string]string{
		"plain":                   `{"client_secret": "not+a+real/secret=="}`,
		"query":                   "client_secret=" + url.QueryEscape(secret) + "&x=y",
		"path":                    "/x/" + url.PathEscape(secret),
		"base64":                  std([]byte(secret)),
		"base64 after 1":          std([]byte("x" + secret + "x")),
		"base64 after 2":          std([]byte("xx" + secret + "xx")),
		"base64 after 3":          std([]byte("xxx" + secret + "xxx")),
		"base64 in a Basic value": std([]byte("client:" + secret)),
		"base64url":               raw([]byte("\xff\xfe" + secret + "\xff")),
	} {
		if got := holding([]place{{name, []byte(contents)}}, secret); len(got) != 1 || got[0] != name {
			t.Errorf("%s: not found in %q", name, contents)
		}
	}
	innocent := []place{{"other", []byte("another+real/secret==")}, {"base64", []byte(std([]byte("not a real secret")))}}
	if got := holding(innocent, secret); got != nil {
		t.Errorf("found in %v", got)
	}
}

func TestFilesIn(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	hidden := filepath.Join(directory, ".hidden", "file")
	if err := os.Mkdir(filepath.Dir(hidden), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hidden, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	places, err := filesIn(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(places) != 1 || places[0].name != hidden || string(places[0].contents) != "text" {
		t.Errorf("got %v", places)
	}
	if _, err := filesIn(filepath.Join(directory, "missing")); err == nil {
		t.Error("no error for a directory that is missing")
	}
}
