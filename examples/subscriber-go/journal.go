package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/proto"

	"volunteer-hours.example/subscriber/pb"
)

// A line of the journal is one transaction: a page that was taken with the acknowledgement to be sent, or that it was
// answered. A last line without an end was cut off by a crash: nothing of it was acknowledged, so it comes again.
type line struct {
	Pieces      []taken `json:"pieces,omitempty"`
	Acknowledge []byte  `json:"acknowledge,omitempty"`
	Answered    bool    `json:"answered,omitempty"`
}

type taken struct {
	Piece     string `json:"piece"`
	Holder    string `json:"holder"`
	FromClass int32  `json:"from_class"`
	ToClass   int32  `json:"to_class"`
	Seconds   int64  `json:"seconds"`
	Position  string `json:"receiver_position,omitempty"`
}

type journal struct {
	file    *os.File
	taken   map[string]taken
	seconds int64
	pending []byte
}

func openJournal(name string) (*journal, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, taken: map[string]taken{}}
	whole, reader := int64(0), bufio.NewReader(file)
	for {
		written, err := reader.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		var read line
		if err := json.Unmarshal(written, &read); err != nil {
			return nil, err
		}
		if err := j.apply(read); err != nil {
			return nil, err
		}
		whole += int64(len(written))
	}
	if err := file.Truncate(whole); err != nil {
		return nil, err
	}
	_, err = file.Seek(whole, io.SeekStart)
	return j, err
}

// keep writes down a page, but for what is refused, and its acknowledgement; when it returns both are on the disk.
func (j *journal) keep(pieces []*pb.DeliveryPiece, request *pb.AcknowledgeRequest) error {
	packed, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	refused := map[string]bool{}
	for _, one := range request.Refused {
		refused[one.Piece] = true
	}
	written := line{Acknowledge: packed}
	for _, one := range pieces {
		if !refused[one.Piece] {
			written.Pieces = append(written.Pieces, taken{
				one.Piece, one.Holder, int32(one.FromClass), int32(one.ToClass), one.Seconds, one.ReceiverPosition,
			})
		}
	}
	return j.write(written)
}

// forget writes down that the acknowledgement was answered.
func (j *journal) forget() error {
	return j.write(line{Answered: true})
}

func (j *journal) write(l line) error {
	packed, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(packed, '\n')); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	return j.apply(l)
}

func (j *journal) apply(l line) error {
	for _, one := range l.Pieces {
		if _, twice := j.taken[one.Piece]; twice {
			return fmt.Errorf("%s came twice", one.Piece)
		}
		j.taken[one.Piece] = one
		j.seconds += one.Seconds
	}
	if l.Acknowledge != nil {
		j.pending = l.Acknowledge
	}
	if l.Answered {
		j.pending = nil
	}
	return nil
}
