// Generated from broker/http/schema: change that and run `npm run generate`.
export const openapi: object = {
 "openapi": "3.1.0",
 "info": {
  "title": "Millrace HTTP",
  "description": "Produce, read and follow topics; look at topics and groups; health and metrics. Errors are RFC 9457 problem details.",
  "version": "1",
  "license": {
   "name": "Apache-2.0",
   "identifier": "Apache-2.0"
  }
 },
 "components": {
  "schemas": {}
 },
 "paths": {
  "/topics/{topic}": {
   "post": {
    "operationId": "produce",
    "summary": "Append one record or an array of records",
    "tags": [
     "records"
    ],
    "description": "JSON or msgpack bodies are a record or an array of records; a binary body (application/octet-stream) is the value of one record. Answered once the records are as durable as acks asks. The records of one array may be stored in part when there is an error: its offsets say which.",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "anyOf": [
         {
          "type": "object",
          "required": [
           "value"
          ],
          "properties": {
           "value": {
            "description": "Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text."
           },
           "key": {
            "type": [
             "string",
             "null"
            ],
            "description": "Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client)."
           },
           "headers": {
            "type": "object",
            "additionalProperties": {
             "type": [
              "string",
              "null"
             ]
            },
            "description": "Record headers; values are written as UTF-8."
           },
           "partition": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2147483647,
            "description": "Default: by key, without a key any one."
           },
           "timestamp": {
            "type": "integer",
            "minimum": 0,
            "maximum": 9007199254740991,
            "description": "Milliseconds since the epoch; default now."
           }
          },
          "additionalProperties": false
         },
         {
          "type": "array",
          "items": {
           "type": "object",
           "required": [
            "value"
           ],
           "properties": {
            "value": {
             "description": "Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text."
            },
            "key": {
             "type": [
              "string",
              "null"
             ],
             "description": "Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client)."
            },
            "headers": {
             "type": "object",
             "additionalProperties": {
              "type": [
               "string",
               "null"
              ]
             },
             "description": "Record headers; values are written as UTF-8."
            },
            "partition": {
             "type": "integer",
             "minimum": 0,
             "maximum": 2147483647,
             "description": "Default: by key, without a key any one."
            },
            "timestamp": {
             "type": "integer",
             "minimum": 0,
             "maximum": 9007199254740991,
             "description": "Milliseconds since the epoch; default now."
            }
           },
           "additionalProperties": false
          },
          "minItems": 1,
          "maxItems": 10000
         }
        ]
       }
      },
      "application/msgpack": {
       "schema": {
        "anyOf": [
         {
          "type": "object",
          "required": [
           "value"
          ],
          "properties": {
           "value": {
            "description": "Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text."
           },
           "key": {
            "type": [
             "string",
             "null"
            ],
            "description": "Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client)."
           },
           "headers": {
            "type": "object",
            "additionalProperties": {
             "type": [
              "string",
              "null"
             ]
            },
            "description": "Record headers; values are written as UTF-8."
           },
           "partition": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2147483647,
            "description": "Default: by key, without a key any one."
           },
           "timestamp": {
            "type": "integer",
            "minimum": 0,
            "maximum": 9007199254740991,
            "description": "Milliseconds since the epoch; default now."
           }
          },
          "additionalProperties": false
         },
         {
          "type": "array",
          "items": {
           "type": "object",
           "required": [
            "value"
           ],
           "properties": {
            "value": {
             "description": "Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text."
            },
            "key": {
             "type": [
              "string",
              "null"
             ],
             "description": "Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client)."
            },
            "headers": {
             "type": "object",
             "additionalProperties": {
              "type": [
               "string",
               "null"
              ]
             },
             "description": "Record headers; values are written as UTF-8."
            },
            "partition": {
             "type": "integer",
             "minimum": 0,
             "maximum": 2147483647,
             "description": "Default: by key, without a key any one."
            },
            "timestamp": {
             "type": "integer",
             "minimum": 0,
             "maximum": 9007199254740991,
             "description": "Milliseconds since the epoch; default now."
            }
           },
           "additionalProperties": false
          },
          "minItems": 1,
          "maxItems": 10000
         }
        ]
       }
      },
      "application/x-msgpack": {
       "schema": {
        "anyOf": [
         {
          "type": "object",
          "required": [
           "value"
          ],
          "properties": {
           "value": {
            "description": "Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text."
           },
           "key": {
            "type": [
             "string",
             "null"
            ],
            "description": "Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client)."
           },
           "headers": {
            "type": "object",
            "additionalProperties": {
             "type": [
              "string",
              "null"
             ]
            },
            "description": "Record headers; values are written as UTF-8."
           },
           "partition": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2147483647,
            "description": "Default: by key, without a key any one."
           },
           "timestamp": {
            "type": "integer",
            "minimum": 0,
            "maximum": 9007199254740991,
            "description": "Milliseconds since the epoch; default now."
           }
          },
          "additionalProperties": false
         },
         {
          "type": "array",
          "items": {
           "type": "object",
           "required": [
            "value"
           ],
           "properties": {
            "value": {
             "description": "Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text."
            },
            "key": {
             "type": [
              "string",
              "null"
             ],
             "description": "Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client)."
            },
            "headers": {
             "type": "object",
             "additionalProperties": {
              "type": [
               "string",
               "null"
              ]
             },
             "description": "Record headers; values are written as UTF-8."
            },
            "partition": {
             "type": "integer",
             "minimum": 0,
             "maximum": 2147483647,
             "description": "Default: by key, without a key any one."
            },
            "timestamp": {
             "type": "integer",
             "minimum": 0,
             "maximum": 9007199254740991,
             "description": "Milliseconds since the epoch; default now."
            }
           },
           "additionalProperties": false
          },
          "minItems": 1,
          "maxItems": 10000
         }
        ]
       }
      },
      "application/octet-stream": {
       "schema": {
        "type": "string",
        "format": "binary"
       }
      }
     }
    },
    "parameters": [
     {
      "schema": {
       "enum": [
        "all",
        "1",
        "0"
       ],
       "type": "string"
      },
      "in": "query",
      "name": "acks",
      "required": false,
      "description": "all (default): as durable as the broker is set to. 1: written by the leader. 0: taken up, answered 202."
     },
     {
      "schema": {
       "type": "string"
      },
      "in": "query",
      "name": "key",
      "required": false,
      "description": "Key of a binary (application/octet-stream) record."
     },
     {
      "schema": {
       "type": "integer",
       "minimum": 0,
       "maximum": 2147483647
      },
      "in": "query",
      "name": "partition",
      "required": false,
      "description": "Partition of a binary record."
     },
     {
      "schema": {
       "type": "string",
       "minLength": 1
      },
      "in": "path",
      "name": "topic",
      "required": true
     }
    ],
    "responses": {
     "200": {
      "description": "Stored",
      "content": {
       "application/json": {
        "schema": {
         "description": "Stored",
         "type": "object",
         "required": [
          "topic",
          "offsets"
         ],
         "properties": {
          "topic": {
           "type": "string"
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "One for each record, in order."
          }
         }
        }
       }
      }
     },
     "202": {
      "description": "Taken up (acks=0)",
      "content": {
       "application/json": {
        "schema": {
         "description": "Taken up (acks=0)",
         "type": "object",
         "required": [
          "topic",
          "offsets"
         ],
         "properties": {
          "topic": {
           "type": "string"
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "One for each record, in order."
          }
         }
        }
       }
      }
     },
     "400": {
      "description": "The request is not valid",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "403": {
      "description": "Not authorized",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "404": {
      "description": "There is no such thing",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "413": {
      "description": "Too large",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "415": {
      "description": "The media type is not understood",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "500": {
      "description": "The broker failed",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "504": {
      "description": "Not acknowledged in time; the records may be stored all the same",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/topics/{topic}/partitions/{partition}/records": {
   "get": {
    "operationId": "read",
    "summary": "Read records of a partition",
    "tags": [
     "records"
    ],
    "description": "Without wait, answers with what there is; with it, waits for a first record.",
    "parameters": [
     {
      "schema": {
       "type": "integer",
       "minimum": 0,
       "maximum": 9007199254740991
      },
      "in": "query",
      "name": "offset",
      "required": false,
      "description": "Default: the first offset there is."
     },
     {
      "schema": {
       "type": "integer",
       "minimum": 1,
       "maximum": 10000
      },
      "in": "query",
      "name": "max",
      "required": false,
      "description": "Most records. Default 100."
     },
     {
      "schema": {
       "type": "integer",
       "minimum": 0,
       "maximum": 60000
      },
      "in": "query",
      "name": "wait",
      "required": false,
      "description": "Milliseconds to wait for a first record. Default 0."
     },
     {
      "schema": {
       "type": "string",
       "minLength": 1
      },
      "in": "path",
      "name": "topic",
      "required": true
     },
     {
      "schema": {
       "type": "integer",
       "minimum": 0,
       "maximum": 2147483647
      },
      "in": "path",
      "name": "partition",
      "required": true
     }
    ],
    "responses": {
     "200": {
      "description": "Records, possibly none",
      "content": {
       "application/json": {
        "schema": {
         "description": "Records, possibly none",
         "type": "object",
         "required": [
          "records",
          "nextOffset",
          "highWatermark"
         ],
         "properties": {
          "records": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset",
             "timestamp",
             "key",
             "keyEncoding",
             "value",
             "valueEncoding",
             "headers"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer"
             },
             "timestamp": {
              "type": "integer",
              "description": "Milliseconds since the epoch; -1 when there is none."
             },
             "key": {
              "type": [
               "string",
               "null"
              ]
             },
             "keyEncoding": {
              "enum": [
               "text",
               "base64",
               null
              ],
              "description": "base64 when the bytes are not UTF-8; null for null."
             },
             "value": {},
             "valueEncoding": {
              "enum": [
               "json",
               "text",
               "base64",
               null
              ],
              "description": "json when the bytes are JSON text (shown as it is stored), text when UTF-8, else base64; null for null."
             },
             "headers": {
              "type": "array",
              "items": {
               "type": "object",
               "required": [
                "key",
                "value",
                "valueEncoding"
               ],
               "properties": {
                "key": {
                 "type": "string"
                },
                "value": {
                 "type": [
                  "string",
                  "null"
                 ]
                },
                "valueEncoding": {
                 "enum": [
                  "text",
                  "base64",
                  null
                 ],
                 "description": "base64 when the bytes are not UTF-8; null for null."
                }
               }
              }
             }
            }
           }
          },
          "nextOffset": {
           "type": "integer",
           "description": "Where to go on."
          },
          "highWatermark": {
           "type": "integer"
          }
         }
        }
       }
      }
     },
     "400": {
      "description": "The request is not valid",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "403": {
      "description": "Not authorized",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "404": {
      "description": "There is no such thing",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "416": {
      "description": "The offset is outside the log",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "422": {
      "description": "The records cannot be shown",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "500": {
      "description": "The broker failed",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/topics/{topic}/events": {
   "get": {
    "operationId": "follow",
    "summary": "Follow a topic as server-sent events",
    "tags": [
     "records"
    ],
    "description": "Each event is a record as the read route shows it; its id resumes the stream through Last-Event-ID (topics of more than 16 partitions may repeat some records then). An event named gap tells of records that retention took before they were sent, one named problem why the stream ends.",
    "parameters": [
     {
      "schema": {
       "enum": [
        "earliest",
        "latest"
       ],
       "type": "string"
      },
      "in": "query",
      "name": "from",
      "required": false,
      "description": "Where to begin; default latest. A Last-Event-ID header goes before."
     },
     {
      "schema": {
       "type": "string",
       "minLength": 1
      },
      "in": "path",
      "name": "topic",
      "required": true
     }
    ],
    "responses": {
     "200": {
      "description": "A stream of records",
      "content": {
       "text/event-stream": {
        "schema": {
         "type": "string"
        }
       }
      }
     },
     "400": {
      "description": "The request is not valid",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "403": {
      "description": "Not authorized",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "404": {
      "description": "There is no such thing",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "500": {
      "description": "The broker failed",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/v1/topics": {
   "get": {
    "operationId": "listTopics",
    "summary": "List topics",
    "tags": [
     "admin"
    ],
    "responses": {
     "200": {
      "description": "By name",
      "content": {
       "application/json": {
        "schema": {
         "description": "By name",
         "type": "object",
         "required": [
          "topics"
         ],
         "properties": {
          "topics": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "name",
             "id",
             "internal",
             "partitions"
            ],
            "properties": {
             "name": {
              "type": "string"
             },
             "id": {
              "type": "string"
             },
             "internal": {
              "type": "boolean"
             },
             "partitions": {
              "type": "integer"
             }
            }
           }
          }
         }
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/v1/topics/{topic}": {
   "get": {
    "operationId": "describeTopic",
    "summary": "Partitions, offsets and configs of a topic",
    "tags": [
     "admin"
    ],
    "parameters": [
     {
      "schema": {
       "type": "string",
       "minLength": 1
      },
      "in": "path",
      "name": "topic",
      "required": true
     }
    ],
    "responses": {
     "200": {
      "description": "The topic",
      "content": {
       "application/json": {
        "schema": {
         "description": "The topic",
         "type": "object",
         "required": [
          "name",
          "id",
          "internal",
          "configs",
          "partitions"
         ],
         "properties": {
          "name": {
           "type": "string"
          },
          "id": {
           "type": "string"
          },
          "internal": {
           "type": "boolean"
          },
          "configs": {
           "type": "object",
           "additionalProperties": {
            "type": "string"
           },
           "description": "What is set on the topic itself; everything else is the default."
          },
          "partitions": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "leader",
             "leaderEpoch",
             "replicas",
             "isr",
             "logStartOffset",
             "highWatermark",
             "sizeBytes"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "leader": {
              "type": "integer"
             },
             "leaderEpoch": {
              "type": "integer"
             },
             "replicas": {
              "type": "array",
              "items": {
               "type": "integer"
              }
             },
             "isr": {
              "type": "array",
              "items": {
               "type": "integer"
              }
             },
             "logStartOffset": {
              "type": "integer"
             },
             "highWatermark": {
              "type": "integer"
             },
             "sizeBytes": {
              "type": "integer"
             }
            }
           }
          }
         }
        }
       }
      }
     },
     "400": {
      "description": "The request is not valid",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "404": {
      "description": "There is no such thing",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/v1/groups": {
   "get": {
    "operationId": "listGroups",
    "summary": "List consumer groups",
    "tags": [
     "admin"
    ],
    "responses": {
     "200": {
      "description": "By id",
      "content": {
       "application/json": {
        "schema": {
         "description": "By id",
         "type": "object",
         "required": [
          "groups"
         ],
         "properties": {
          "groups": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "group",
             "protocolType",
             "state",
             "type"
            ],
            "properties": {
             "group": {
              "type": "string"
             },
             "protocolType": {
              "type": "string"
             },
             "state": {
              "type": "string"
             },
             "type": {
              "type": "string"
             }
            }
           }
          }
         }
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/v1/groups/{group}": {
   "get": {
    "operationId": "describeGroup",
    "summary": "Members, committed offsets and lag of a group",
    "tags": [
     "admin"
    ],
    "parameters": [
     {
      "schema": {
       "type": "string",
       "minLength": 1
      },
      "in": "path",
      "name": "group",
      "required": true
     }
    ],
    "responses": {
     "200": {
      "description": "The group",
      "content": {
       "application/json": {
        "schema": {
         "description": "The group",
         "type": "object",
         "required": [
          "group",
          "state",
          "protocolType",
          "protocol",
          "members",
          "offsets"
         ],
         "properties": {
          "group": {
           "type": "string"
          },
          "state": {
           "type": "string"
          },
          "protocolType": {
           "type": "string"
          },
          "protocol": {
           "type": "string"
          },
          "members": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "memberId",
             "instanceId",
             "clientId",
             "clientHost"
            ],
            "properties": {
             "memberId": {
              "type": "string"
             },
             "instanceId": {
              "type": [
               "string",
               "null"
              ]
             },
             "clientId": {
              "type": "string"
             },
             "clientHost": {
              "type": "string"
             }
            }
           }
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "topic",
             "partition",
             "committed",
             "highWatermark",
             "lag",
             "metadata"
            ],
            "properties": {
             "topic": {
              "type": "string"
             },
             "partition": {
              "type": "integer"
             },
             "committed": {
              "type": "integer"
             },
             "highWatermark": {
              "type": "integer",
              "description": "-1 when the partition is not led here."
             },
             "lag": {
              "type": "integer",
              "description": "-1 when unknown."
             },
             "metadata": {
              "type": "string"
             }
            }
           }
          }
         }
        }
       }
      }
     },
     "400": {
      "description": "The request is not valid",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "404": {
      "description": "There is no such thing",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/v1/cluster": {
   "get": {
    "operationId": "describeCluster",
    "summary": "Brokers, the active controller, and who leads how much",
    "tags": [
     "admin"
    ],
    "responses": {
     "200": {
      "description": "As this broker knows it",
      "content": {
       "application/json": {
        "schema": {
         "description": "As this broker knows it",
         "type": "object",
         "required": [
          "clusterId",
          "controller",
          "brokers"
         ],
         "properties": {
          "clusterId": {
           "type": "string"
          },
          "controller": {
           "type": "integer",
           "description": "Id of the active controller; -1 when none is known."
          },
          "brokers": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "id",
             "host",
             "port",
             "rack",
             "fenced",
             "leads",
             "replicas",
             "inSync"
            ],
            "properties": {
             "id": {
              "type": "integer"
             },
             "host": {
              "type": "string"
             },
             "port": {
              "type": "integer"
             },
             "rack": {
              "type": [
               "string",
               "null"
              ]
             },
             "fenced": {
              "type": "boolean",
              "description": "Registered, and not serving."
             },
             "leads": {
              "type": "integer",
              "description": "Partitions that it leads."
             },
             "replicas": {
              "type": "integer",
              "description": "Partitions that it keeps, those that it leads included."
             },
             "inSync": {
              "type": "integer",
              "description": "Of those, the ones it is in sync for."
             }
            }
           }
          }
         }
        }
       }
      }
     },
     "503": {
      "description": "Too busy, stopping, or for now unable; see Retry-After",
      "content": {
       "application/problem+json": {
        "schema": {
         "type": "object",
         "required": [
          "type",
          "title",
          "status"
         ],
         "properties": {
          "type": {
           "type": "string",
           "description": "about:blank, or urn:kafka-error:NAME."
          },
          "title": {
           "type": "string"
          },
          "status": {
           "type": "integer"
          },
          "detail": {
           "type": "string"
          },
          "code": {
           "type": "string",
           "description": "Kafka's error name."
          },
          "errorCode": {
           "type": "integer",
           "description": "Kafka's error code."
          },
          "offsets": {
           "type": "array",
           "items": {
            "type": "object",
            "required": [
             "partition",
             "offset"
            ],
            "properties": {
             "partition": {
              "type": "integer"
             },
             "offset": {
              "type": "integer",
              "description": "-1 when it is not known: acks=0, or the record failed."
             }
            }
           },
           "description": "Of a produce that failed in part: where each record is, in order; offset -1 = not acknowledged."
          }
         },
         "description": "RFC 9457 problem details."
        }
       }
      }
     }
    }
   }
  },
  "/health/live": {
   "get": {
    "operationId": "live",
    "summary": "The process is up",
    "tags": [
     "health"
    ],
    "responses": {
     "200": {
      "description": "It is",
      "content": {
       "application/json": {
        "schema": {
         "description": "It is",
         "type": "object",
         "required": [
          "status"
         ],
         "properties": {
          "status": {
           "enum": [
            "ok",
            "unavailable"
           ],
           "type": "string"
          },
          "reason": {
           "type": "string"
          }
         }
        }
       }
      }
     }
    }
   }
  },
  "/health/ready": {
   "get": {
    "operationId": "ready",
    "summary": "The broker serves requests",
    "tags": [
     "health"
    ],
    "responses": {
     "200": {
      "description": "It does",
      "content": {
       "application/json": {
        "schema": {
         "description": "It does",
         "type": "object",
         "required": [
          "status"
         ],
         "properties": {
          "status": {
           "enum": [
            "ok",
            "unavailable"
           ],
           "type": "string"
          },
          "reason": {
           "type": "string"
          }
         }
        }
       }
      }
     },
     "503": {
      "description": "Not yet, or not any more",
      "content": {
       "application/json": {
        "schema": {
         "description": "Not yet, or not any more",
         "type": "object",
         "required": [
          "status"
         ],
         "properties": {
          "status": {
           "enum": [
            "ok",
            "unavailable"
           ],
           "type": "string"
          },
          "reason": {
           "type": "string"
          }
         }
        }
       }
      }
     }
    }
   }
  },
  "/metrics": {
   "get": {
    "operationId": "metrics",
    "summary": "Prometheus metrics",
    "tags": [
     "health"
    ],
    "responses": {
     "200": {
      "description": "Prometheus text exposition format 0.0.4",
      "content": {
       "text/plain": {
        "schema": {
         "type": "string"
        }
       }
      }
     }
    }
   }
  }
 }
}
