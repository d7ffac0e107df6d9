package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// get is a small curl, which the machine may lack: it sends the header in AUTHORIZATION and prints the answer.
func get(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", os.Getenv("AUTHORIZATION"))
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, response.Body)
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", address, response.Status)
	}
	return errors.Join(err, response.Body.Close())
}

// browse opens address in Chromium, presses Allow in place of a person, and writes the text of the last page to file.
func browse(ctx context.Context, file, address string) error {
	seen, err := chromium.Visit{Address: address, Press: "allow"}.Run(ctx)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(file+"~", []byte(seen.Text), 0o600), os.Rename(file+"~", file))
}

// awaitFile waits for the text that browse writes.
func awaitFile(ctx context.Context, file string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for {
		text, err := os.ReadFile(file)
		if err == nil || ctx.Err() != nil {
			return string(text), err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
