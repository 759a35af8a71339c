import { defineMessage } from './grammar.ts'

// Records of control batches. The key of each is an int16 version followed by `ControlRecordTypeSchema`.
export const controlRecordType = defineMessage({
  name: 'ControlRecordTypeSchema',
  versions: '0',
  flexible: null,
  doc: 'Kind of a control record.',
  fields: `
    type  int16  # 0 abort, 1 commit, 2 leader change, 3 snapshot header, 4 snapshot footer, 5 KRaft version, 6 voters
  `,
})

export const endTxnMarker = defineMessage({
  name: 'EndTxnMarker',
  versions: '0',
  flexible: null,
  doc: 'Value of an abort or commit marker, after an int16 version.',
  fields: `
    coordinatorEpoch  int32  # epoch of the coordinator that wrote it
  `,
})

export const leaderChange = defineMessage({
  name: 'LeaderChangeMessage',
  versions: '0-1',
  flexible: 0,
  doc: 'First record of a leader of the metadata log.',
  fields: `
    struct Voter
      voterId           int32     # node id
      voterDirectoryId  uuid  1+  # directory id
    version         int16    # version of this message
    leaderId        int32    # node id of the new leader
    voters          []Voter  # all voters
    grantingVoters  []Voter  # those who voted for it
  `,
})

export const snapshotHeader = defineMessage({
  name: 'SnapshotHeaderRecord',
  versions: '0',
  flexible: 0,
  doc: 'First record of a snapshot of the metadata log.',
  fields: `
    version                    int16  # version of this message
    lastContainedLogTimestamp  int64  # append time of the last record inside, milliseconds
  `,
})

export const snapshotFooter = defineMessage({
  name: 'SnapshotFooterRecord',
  versions: '0',
  flexible: 0,
  doc: 'Last record of a snapshot of the metadata log.',
  fields: `
    version  int16  # version of this message
  `,
})

export const kraftVersion = defineMessage({
  name: 'KRaftVersionRecord',
  versions: '0',
  flexible: 0,
  doc: 'Version of the quorum protocol in use.',
  fields: `
    version       int16  # version of this message
    kRaftVersion  int16  # version of the protocol
  `,
})

export const voters = defineMessage({
  name: 'VotersRecord',
  versions: '0',
  flexible: 0,
  doc: 'The set of voters (KIP-853).',
  fields: `
    version                int16                 # version of this message
    voters                 []VoterOfSet          # voters
      voterId              int32                 # node id
      voterDirectoryId     uuid                  # directory id
      endpoints            []VoterEndpoint       # where it listens
        name               string                # listener
        host               string                # host name
        port               uint16                # port
      kRaftVersionFeature  KRaftVersionFeature   # versions of the quorum protocol it knows
        minSupportedVersion  int16               # lowest
        maxSupportedVersion  int16               # highest
  `,
})
