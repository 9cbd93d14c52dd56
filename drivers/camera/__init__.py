"""The camera before the resident. Its pictures are taken in the face worker's process only (`opencv_camera`); the
terminal's own process only knows whether it is there (`presence`)."""
