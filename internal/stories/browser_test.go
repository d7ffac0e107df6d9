package stories

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// runBrowser is the program "browser", which stories name in BROWSER. It acts as a person signing in with a real
// browser and requires the condition [chromium]. The environment controls it:
//
//	SIGN_IN_PRESS=allow|deny|nothing  button to press (default: allow)
//	SIGN_IN_RESULT=FILE               append the final contents of the browser to FILE, see [chromium.Seen]; if FILE is
//	                                  in $WORK, the search for leaks finds codes left in the address or the history
func runBrowser() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := browse(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func browse(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: browser ADDRESS")
	}
	visit := chromium.Visit{Address: args[0], Press: os.Getenv("SIGN_IN_PRESS")}
	switch visit.Press {
	case "":
		visit.Press = "allow"
	case "nothing":
		visit.Press = ""
	}
	seen, err := visit.Run(ctx)
	if err != nil {
		return err
	}
	result := os.Getenv("SIGN_IN_RESULT")
	if result == "" {
		return nil
	}
	return appendTo(result, seen.String())
}

// appendTo appends text in a single write, so that a story waiting for one part of it also sees the rest.
func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text)
	return err
}
