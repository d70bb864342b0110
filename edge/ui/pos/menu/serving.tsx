/** For whom and when: the seat and the course that the next line is for. */

import { device, t } from "../state.ts";

interface Props {
  readonly covers: number;
  readonly seat: number;
  readonly course: string;
  readonly onSeat: (seat: number) => void;
  readonly onCourse: (course: string) => void;
}

/** A row of seats and one of courses; nothing where there is nothing to choose. */
export function Serving({ covers, seat, course, onSeat, onCourse }: Props) {
  const { courses } = device.menu.value;
  if (covers < 2 && courses.length === 0) return null;
  return (
    <div class="serving">
      {covers > 1 && (
        <div class="chips" role="radiogroup" aria-label={t("serving.seat")}>
          {Array.from({ length: covers + 1 }, (_, number) => (
            <button key={number} type="button" role="radio" aria-checked={seat === number} onClick={() => onSeat(number)}>
              {number === 0 ? t("serving.table") : t("serving.seat.numbered", { n: number })}
            </button>
          ))}
        </div>
      )}
      {courses.length > 0 && (
        <div class="chips" role="radiogroup" aria-label={t("serving.course")}>
          {[{ id: "", name: t("serving.course.usual") }, ...courses].map(({ id, name }) => (
            <button key={id} type="button" role="radio" aria-checked={course === id} onClick={() => onCourse(id)}>
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
