package main

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
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
		if len(standin.Leaks(place.contents, []string{text})) > 0 {
			names = append(names, place.name)
		}
	}
	return names
}
