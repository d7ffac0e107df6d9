package main

import (
	"os"
	"path/filepath"
	"testing"
)

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
