// The clock of a lab where Python has no threads: as long as something is to be done, it asks for piece after piece.

const PAUSE = 5; // ms between two ticks, in which the page answers the learner

export default {
  initialize({ model }) {
    const clock = newest(model);
    let waits = false;
    const tick = () => {
      waits = false;
      if (model.get("state").going) clock.say("tick");
    };
    const wind = () => {
      if (waits || !model.get("state").going) return;
      waits = true;
      setTimeout(tick, PAUSE);
    };
    const ends = [clock.end, listen(model, (message) => message.done && wind()), follow(model, wind)];
    return () => ends.forEach((end) => end());
  },
};
