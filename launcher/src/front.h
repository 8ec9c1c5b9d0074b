// The process that a command line is, in front of Node.js. It ends as Node.js does, or goes on as the launcher in its
// stead: Node.js takes milliseconds to give its memory back, which would be in the way of the container.
#ifndef WHERRY_FRONT_H
#define WHERRY_FRONT_H

// `front -- NODE [ARGUMENT…]`. Answers, when Node.js hands over, with the launcher's arguments, its name first and NULL
// last; else it ends the process.
char **front_main(int argc, char **argv);

#endif
