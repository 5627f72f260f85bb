// A receiver of hours in Go: takes each piece exactly once, whatever dies in between.
//
//	subscriber subscriptions/ministry -address 127.0.0.1:50051 -journal taken.jsonl [-once]
//
// LEDGER_TOKEN is an access token of the subscription's client, LEDGER_PURPOSE one of that client's purposes. Pages come as
// a stream. Each is written to a journal, with the acknowledgement that is about to be sent, and is on the disk before
// anything is sent; the acknowledgement is sent until it is answered; then that is written down (docs/deliveries.md).
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"volunteer-hours.example/subscriber/pb"
)

const pause = 200 * time.Millisecond

func main() {
	address := flag.String("address", "127.0.0.1:50051", "where the service listens")
	journalFile := flag.String("journal", "taken.jsonl", "what was taken")
	secondsMax := flag.Int64("seconds-max", 0, "refuse longer records; 0: take all")
	once := flag.Bool("once", false, "end when there is nothing more")
	if len(os.Args) < 2 {
		log.Fatal("say which subscription: subscriptions/…")
	}
	name := os.Args[1]
	if err := flag.CommandLine.Parse(os.Args[2:]); err != nil {
		log.Fatal(err)
	}
	journal, err := openJournal(*journalFile)
	if err != nil {
		log.Fatal(err)
	}
	// On one machine. Over a network give grpc.WithTransportCredentials the certificates of both sides.
	connection, err := grpc.NewClient(*address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	receiver := receiver{pb.NewDeliveryServiceClient(connection), journal, name, *secondsMax}
	for {
		err := receiver.take(*once)
		if err == nil {
			break
		}
		if final(err) {
			log.Fatal(err)
		}
		time.Sleep(pause)
	}
	fmt.Printf("%d pieces; %d seconds\n", len(journal.taken), journal.seconds)
}

type receiver struct {
	service    pb.DeliveryServiceClient
	journal    *journal
	name       string
	secondsMax int64
}

// take reads one stream until it breaks; with once it ends when there is nothing more.
func (r *receiver) take(once bool) error {
	if err := r.sendPending(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(introduced())
	defer cancel()
	stream, err := r.service.Subscribe(ctx, &pb.SubscribeRequest{Name: r.name}, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	for {
		page, err := stream.Recv()
		if err != nil {
			return err
		}
		if page.Upto != nil {
			if err := r.journal.keep(page.Pieces, r.acknowledging(page)); err != nil {
				log.Fatal(err) // a journal that cannot be written takes nothing more
			}
			if err := r.sendPending(); err != nil {
				return err
			}
		}
		if once && !page.More {
			return nil
		}
	}
}

// acknowledging says what is taken of a page, and what is refused.
func (r *receiver) acknowledging(page *pb.DeliveryPage) *pb.AcknowledgeRequest {
	request := &pb.AcknowledgeRequest{
		RequestId: newUUID(), Name: r.name, After: page.After, Upto: page.Upto,
		LimitsVersion: page.LimitsVersion, PieceCount: page.PieceCount, Seconds: page.Seconds,
	}
	for _, piece := range page.Pieces {
		if r.secondsMax > 0 && piece.Seconds > r.secondsMax {
			request.Refused = append(request.Refused, &pb.RefusedPiece{Piece: piece.Piece, Reason: "RECORD_TOO_LONG"})
		}
	}
	return request
}

// sendPending sends the acknowledgement that was kept, if there is one; whoever gets an error calls it again.
func (r *receiver) sendPending() error {
	if r.journal.pending == nil {
		return nil
	}
	request := &pb.AcknowledgeRequest{}
	if err := proto.Unmarshal(r.journal.pending, request); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(introduced(), 10*time.Second)
	defer cancel()
	if _, err := r.service.Acknowledge(ctx, request, grpc.WaitForReady(true)); err != nil {
		return err
	}
	return r.journal.forget()
}

// final says whether to try again would change nothing: somebody must look.
func final(err error) bool {
	switch status.Code(err) {
	case codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unauthenticated:
		return true
	}
	return false
}

func introduced() context.Context {
	said := []string{"authorization", "Bearer " + os.Getenv("LEDGER_TOKEN")}
	if purpose := os.Getenv("LEDGER_PURPOSE"); purpose != "" {
		said = append(said, "x-purpose", purpose)
	}
	return metadata.AppendToOutgoingContext(context.Background(), said...)
}

func newUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		log.Fatal(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
