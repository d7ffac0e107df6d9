package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// getCommand makes this program a small curl, because a machine may have none: it is what the
// provisioner of the configuration runs.
const getCommand = "get"

// get sends the header in AUTHORIZATION to address and writes the answer into file.
func get(ctx context.Context, address, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", os.Getenv("AUTHORIZATION"))
	client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %s", address, response.Status, answer)
	}
	return os.WriteFile(file, answer, 0o600)
}
